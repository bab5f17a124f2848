import { randomUUID } from 'node:crypto';
import { MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditEntry } from '../audit/audit-record.ts';
import type { Decision } from '../policy/decide.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import type { TaskCall } from '../tasks/runner.ts';
import type { AdmittedCall, Answered, Caller, GuardedTarget } from './call.ts';

/** The client in the line of a task that outlived its call: this server. */
export const TASK_END_CLIENT = 'mailstore-mcp';

export type ConsentRecord = NonNullable<AuditEntry['consent']>;

/**
 * Writes the audit lines of a call. The only place that decides which audit errors are fatal: a line that must precede a change or a question
 * throws, and then neither happens; a line about what has already happened, or about a refusal, is logged and swallowed.
 */
export class AuditTrail {
  readonly #audit: AuditLog;
  readonly #log: Log;

  constructor(audit: AuditLog, log: Log) {
    this.#audit = audit;
    this.#log = log;
  }

  /** Returns the fields that all lines of a call share. */
  open(
    { command, args }: TaskCall,
    { client }: Caller,
    { name, origin, user }: GuardedTarget,
    { kind, effect, risks }: Decision,
  ): AuditEntry {
    return {
      call: randomUUID(),
      client,
      target: name,
      origin,
      user,
      command: command.name,
      effect,
      ...(risks.length > 0 && { risks }),
      arguments: maskSecrets(command, args),
      decision: kind,
    };
  }

  /** Records a refusal. Never throws: the call is refused with or without its line. */
  async refused(entry: AuditEntry, { message }: MailStoreError): Promise<void> {
    try {
      await this.#audit.record({ ...entry, reason: message });
    } catch (error) {
      this.#log.error(readMessage(error));
    }
  }

  /** Records a question and its answer. Throws when the line cannot be written. */
  async prompted(entry: AuditEntry, consent: ConsentRecord, reason?: string): Promise<void> {
    await this.#audit.record({ ...entry, consent, ...(reason !== undefined && { reason }) });
  }

  /** Records that a change is about to be sent. Throws when the line cannot be written; the change must not be sent then. */
  async sent(entry: AuditEntry, consent?: ConsentRecord): Promise<void> {
    await this.#audit.record({ ...entry, ...(consent && { consent }), outcome: 'sent' });
  }

  /** Records the end of a task that outlived its call. Throws when the line cannot be written; it is written later then. */
  async taskEnded(entry: AuditEntry): Promise<void> {
    await this.#audit.record(entry);
  }

  /** True if the end of this task is on record: in a line of its own, or in the line of the call that it ended with. */
  hasEnd({ taskId: task, command, status, endedAt = '' }: TaskRecord): boolean {
    const outcomes = status === 'failed' ? [status, 'not sent'] : [status];
    return this.#audit.hasLine(
      (line) => line['task'] === task && line['command'] === command && outcomes.includes(String(line['outcome'])),
      endedAt,
    );
  }

  /** Records the end of what was recorded before it began; returns whether it could. Never throws: nothing can be refused any more. */
  async ended(entry: AuditEntry, end: Partial<AuditEntry>): Promise<boolean> {
    try {
      await this.#audit.record({ ...entry, ...end });
      return true;
    } catch (error) {
      this.#log.error(`an outcome is missing in the audit: ${readMessage(error)}`);
      return false;
    }
  }

  /** Records a call that changed nothing; returns whether it could. Never throws: the call is not held back if the audit cannot be written. */
  async noted(entry: AuditEntry, end: Partial<AuditEntry>): Promise<boolean> {
    try {
      await this.#audit.note({ ...entry, ...end });
      return true;
    } catch (error) {
      this.#log.error(`a call is missing in the audit: ${readMessage(error)}`);
      return false;
    }
  }

  /** Executes a call between its audit lines: a change has one before it is sent and one at its end, a read has one at its end. */
  async around(
    { entry, decision }: Pick<AdmittedCall, 'entry' | 'decision'>,
    consent: ConsentRecord | undefined,
    { execute, onRecorded }: RecordedWork,
  ): Promise<Answered> {
    const isRead = decision.effect === 'read';
    if (!isRead) await this.sent(entry, consent);
    let begun: string | undefined;
    let isOver = true;
    let end: Partial<AuditEntry> = {};
    try {
      const answered = await execute((taskId) => (begun = taskId));
      isOver = answered.kind !== 'task' || isEnded(answered.task);
      end = describeEnd(answered);
      return answered;
    } catch (error) {
      end = { ...describeOutcome(error), ...(begun !== undefined && { task: begun }) };
      throw error;
    } finally {
      const isWritten = isRead ? await this.noted(entry, end) : await this.ended(entry, end);
      if (begun !== undefined) await onRecorded(begun, { isEnd: isWritten && isOver });
    }
  }
}

/** Receives the id of a task that a call begins. */
export type OnBegun = (taskId: string) => void;

interface RecordedWork {
  readonly execute: (onBegun: OnBegun) => Promise<Answered>;
  /** Called with the task that the work began, once its line is written or could not be; `isEnd` is true when a line records the end of the task. */
  readonly onRecorded: (taskId: string, told: { readonly isEnd: boolean }) => Promise<void>;
}

function describeEnd({ change, ...answered }: Answered): Partial<AuditEntry> {
  if (answered.kind === 'task') {
    const { status, taskId, finding } = answered.task;
    return { outcome: status, task: taskId, ...(finding && { finding }), ...(change?.number !== undefined && { change: change.number }) };
  }
  const { finding } = answered;
  return { outcome: 'succeeded', ...(finding && { finding }), ...(change?.number !== undefined && { change: change.number }) };
}

/** Returns what the audit records of a call that ended with this error. */
export function describeOutcome(error: unknown): Pick<AuditEntry, 'outcome' | 'error' | 'change'> {
  if (error instanceof MailStoreError) {
    const outcome = error.mayHaveChanged ? 'unknown' : error.request === 'not sent' ? 'not sent' : 'failed';
    return { outcome, error: error.message, ...(error.keptChange !== undefined && { change: error.keptChange }) };
  }
  return { outcome: 'unknown', error: error instanceof Error ? error.name : 'an error' };
}

function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
