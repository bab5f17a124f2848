/** A place in the life of a process at which it can be killed: before or after the so many-th call of one method of its journal or client. */
export interface Point {
  readonly method: string;
  readonly call: number;
  readonly side: 'before' | 'after';
}

/** The steps between the intent and the delivery, and how many calls of each are worth a point of their own. */
const STEPS = {
  prepare: 1,
  begin: 1,
  send: 1,
  accepted: 1,
  markPoll: 3,
  poll: 3,
  readPoll: 3,
  progressed: 3,
  unmarkPoll: 1,
  heartbeat: 2,
  acquireLease: 2,
  storeRawEnd: 1,
  setRawEndAside: 1,
  rawEnd: 1,
  giveUp: 1,
  finish: 1,
  /** The audit's lines of a call (sent, answered) and of an end, and the note in the journal that the end is on record. */
  record: 3,
  told: 1,
  releaseLease: 1,
  /** The moment at which a caller is shown the end. */
  deliver: 1,
} as const;

/** Every point, in the order of their numbers. */
export const POINTS: readonly Point[] = Object.entries(STEPS).flatMap(([method, calls]) =>
  Array.from({ length: calls }, (_, index) => index + 1).flatMap((call): Point[] => [
    { method, call, side: 'before' },
    { method, call, side: 'after' },
  ]),
);

export function namePoint({ method, call, side }: Point): string {
  return `${side} ${method} ${call}`;
}
