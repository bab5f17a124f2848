/**
 * Does work that ends in good order when the program is asked to end: by Ctrl-C, by the system, by a terminal that is closed, or by a reader that goes
 * away. The signal aborts then; what was sent is answered and stored before the program ends. A second Ctrl-C ends it at once.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  const interrupt = () => interruption.abort();
  process.once('SIGINT', interrupt);
  // Those who send these may send them several times, and end a program that takes too long by other means.
  process.on('SIGTERM', interrupt);
  process.on('SIGHUP', interrupt);
  try {
    return await work(interruption.signal);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(name, interrupt);
  }
}
