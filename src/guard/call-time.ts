import type { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import { HOLD_MS } from '../base/limits.ts';

/** The time of one call, and whether its request has left. */
export class CallTime {
  readonly deadline: Deadline;
  readonly #tool: string;
  #begun: 'read' | 'change' | undefined;
  #keptFiles: readonly string[] = [];

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

  /** Returns the error for the caller when the time is over. */
  late(): MailStoreError {
    const seconds = HOLD_MS / 1000;
    if (this.#begun === 'change')
      return new MailStoreError('stillRunning', { tool: this.#tool, seconds }, { effect: 'change', keptFiles: this.#keptFiles });
    if (this.#begun === 'read') return new MailStoreError('outOfTime', { read: this.#tool, seconds }, { effect: 'read' });
    return new MailStoreError('notBegun', { tool: this.#tool, seconds });
  }
}
