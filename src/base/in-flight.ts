/** Work that is to come to its end before the process does. */
export class InFlight {
  readonly #work = new Set<Promise<unknown>>();

  /** Returns the work, and keeps it until it has ended. */
  add<T>(work: Promise<T>): Promise<T> {
    this.#work.add(work);
    const forget = () => void this.#work.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Resolves when all work has ended, that begun meanwhile included. */
  async settle(): Promise<void> {
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }
}
