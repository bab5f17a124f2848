import type { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import { HOLD_MS } from '../base/limits.ts';

/** The time of one call, and whether its request has left. */
export class CallTime {
  readonly deadline: Deadline;
  readonly #tool: string;
  #begun: 'read' | 'change' | undefined;
  #keptFiles: readonly string[] = [];
  #isUnderWay = false;
  #isStopped = false;

  constructor(tool: string, deadline: Deadline) {
    this.#tool = tool;
    this.deadline = deadline;
  }

  /** Called directly before the request leaves. Throws MailStoreError `notBegun` when the time is over: its caller has its answer. */
  begin(kind: 'read' | 'change', keptFiles: readonly string[] = []): void {
    if (this.deadline.isOver) throw this.late();
    this.#begun = kind;
    this.#keptFiles = keptFiles;
  }

  /** Called directly before the line of the call is written, or the first step of a plan is begun: from here on it goes its way to the end. */
  setOut(): void {
    this.#isUnderWay = true;
  }

  /** Makes the time of a call over that has not set out, because this server is ending. What was being read for it is not waited for. */
  stopUnlessUnderWay(): void {
    if (this.#isUnderWay) return;
    this.#isStopped = true;
    this.deadline.expire();
  }

  /** Returns the error for the caller when the time is over. */
  late(): MailStoreError {
    const seconds = HOLD_MS / 1000;
    if (this.#isStopped) return new MailStoreError('serverEnding', { tool: this.#tool });
    if (this.#begun === 'change')
      return new MailStoreError('stillRunning', { tool: this.#tool, seconds }, { effect: 'change', keptFiles: this.#keptFiles });
    if (this.#begun === 'read') return new MailStoreError('outOfTime', { read: this.#tool, seconds }, { effect: 'read' });
    return new MailStoreError('notBegun', { tool: this.#tool, seconds });
  }
}
