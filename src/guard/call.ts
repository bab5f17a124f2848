import type { Deadline } from '../base/deadline.ts';
import type { Access } from '../base/target.ts';
import type { MailStoreClient, ReadValue } from '../client/client.ts';
import type { Found } from '../catalogue/define-command.ts';
import type { CheckedValue } from '../client/value.ts';
import type { AuditClient, AuditEntry } from '../audit/audit-record.ts';
import type { Finding, TaskRecord } from '../journal/task-record.ts';
import type { Decision } from '../policy/decide.ts';
import type { TaskCall } from '../tasks/runner.ts';
import type { CallTime } from './call-time.ts';
import type { Prompter } from './prompter.ts';
import type { Secrets } from './secrets.ts';

/** A configured MailStore. */
export interface GuardedTarget {
  readonly name: string;
  readonly origin: string;
  /** The login name there. */
  readonly user: string;
  readonly access: Access;
  /** True if the target's own setting, not the server's, limits the access. */
  readonly hasOwnLimit?: boolean;
  readonly client: MailStoreClient;
}

/** Who calls, and who can be asked. */
export interface Caller {
  readonly client: AuditClient;
  /** Absent if no person can be asked during the call. */
  readonly prompter?: Prompter | undefined;
  readonly signal?: AbortSignal | undefined;
  /** The time of the call since it arrived; without it, it begins when the guard gets the call. */
  readonly deadline?: Deadline | undefined;
}

/** A call that the policy did not refuse and whose secrets were found. */
export interface AdmittedCall {
  readonly request: TaskCall;
  readonly caller: Caller;
  readonly target: GuardedTarget;
  readonly decision: Exclude<Decision, { readonly kind: 'refuse' }>;
  /** What the declaration's `decidesFrom` read; a name without a value could not be read. */
  readonly found: Found;
  readonly secrets: Secrets;
  /** The time of day at which the call was admitted, in milliseconds since the Unix epoch. */
  readonly now: number;
  /** The fields that all audit lines of this call share. */
  readonly entry: AuditEntry;
  readonly time: CallTime;
}

/** The object of a call as it was read before the call. */
export interface ObjectState extends ReadValue {
  /** Why it could not be read. */
  readonly failed?: string;
}

/** What a write changed: only the fields that read differently afterwards. */
export interface ShownChange {
  /** Its number in the change journal; absent if nothing is different. */
  readonly number?: number;
  readonly before: unknown;
  readonly after: unknown;
  /** Why it could not be read, or cannot be put back. */
  readonly note?: string;
}

/** The value of a call, or the task that it became. */
export type Answered = {
  readonly change?: ShownChange;
  /** What someone has to know of the call that its arguments do not show: one sentence each. */
  readonly cautions?: readonly string[];
  readonly generated?: Readonly<Record<string, string>>;
} & (
  | ({
      readonly kind: 'value';
      /** The errors and warnings among the lines that came with the value; absent where there are none. */
      readonly finding?: Finding;
    } & CheckedValue)
  | { readonly kind: 'task'; readonly task: TaskRecord }
);

/** The question is on its way to a person; nothing has run. */
export interface Asked {
  readonly kind: 'asked';
}
