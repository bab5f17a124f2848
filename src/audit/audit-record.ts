import type { Effect, Risk } from '../catalogue/define-command.ts';
import type { AuditLink, AuditProcess } from '../journal/audit-head.ts';
import type { Finding } from '../journal/task-record.ts';

/** What a client says of itself, such as `claude-code 2.1.3`, is its claim; the others are this program's own words. */
export type AuditClient = 'terminal' | 'call' | 'tester' | 'console' | 'mailstore-mcp' | { readonly claimed: string };

/** How a consent ended: only `accepted` is a yes. */
export type ConsentAnswer =
  | 'accepted'
  | 'declined'
  | 'cancelled'
  /** Accepted without the tick, or without the text that had to be typed. */
  | 'not_ticked'
  /** Not answered in time, or answered with an error. */
  | 'no_answer'
  /** The client cannot ask a person. */
  | 'unavailable'
  /** The question is on its way. */
  | 'asked'
  /** The answer belongs to another call, or what it was given to has changed. */
  | 'invalid'
  /** Not asked, because several questions of the kind got no yes. */
  | 'paused';

/** What the audit keeps of one step of a call: that it was refused, asked about, sent, or how it ended. */
export interface AuditEntry {
  /** The id that the entries of one call share. */
  readonly call: string;
  /** The client that called. */
  readonly client: AuditClient;
  readonly target: string;
  /** `https://host:port` of the server. */
  readonly origin: string;
  /** The login name at MailStore. */
  readonly user: string;
  /** The wire name of the command. */
  readonly command: string;
  readonly effect: Effect;
  /** Why a person had to be asked for what can be put back; absent without a risk. */
  readonly risks?: readonly Risk[];
  /** The arguments, secrets already masked. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly decision: 'allow' | 'ask' | 'refuse';
  /** Why it was refused. */
  readonly reason?: string;
  readonly consent?: {
    /** How the person was reached: `elicitation`, `input_required`, `approval`, `terminal` or `tester`. */
    readonly channel: string;
    readonly answer: ConsentAnswer;
    /** The text that the person answered. */
    readonly prompt: string;
    readonly approvalId?: string;
  };
  readonly outcome?: string;
  readonly error?: string;
  /** What a task found that MailStore calls succeeded. */
  readonly finding?: Finding;
  /** The id of the task that the call became. */
  readonly task?: string;
  /** The number of the change by which the call can be put back. */
  readonly change?: number;
}

/** A person's decision on an approval, taken at a terminal outside of the call. */
export interface ApprovalEntry {
  readonly event: 'approval_granted' | 'approval_refused';
  readonly approvalId: string;
  readonly tool: string;
  readonly target: string;
  /** The text that the person read. */
  readonly prompt: string;
  /** The process that took the decision, as the operating system knows it. */
  readonly decidedBy: {
    readonly user: string;
    readonly pid: number;
    readonly parentPid: number;
    /** The terminal's device, such as `/dev/pts/3`; null if the system does not say. */
    readonly terminal: string | null;
  };
}

/** The version of the form of a line. */
export const AUDIT_FORMAT = 1;

/** A file of the audit as it was when the audit was restarted. */
export interface FileSetAside {
  readonly file: string;
  readonly bytes: number;
  /** The SHA-256 of these bytes. */
  readonly hash: string;
}

/** What the audit says about itself, in lines of their own. */
export type AuditEvent =
  /** The first line of a chain. It names the late lines of other chains that no chain has named before. */
  | {
      readonly event: 'opened';
      readonly process: AuditProcess;
      readonly journal: string;
      readonly heads: readonly AuditLink[];
    }
  /**
   * The journal of these lines is a new one: found so at a start, or while this process was running, with the `tasks` that it took along or the
   * reason why these are lost. It names the late lines of other chains, as `opened` does.
   */
  | {
      readonly event: 'new_journal';
      readonly journal: string;
      readonly found: 'at the start' | 'while running';
      readonly tasks?: number;
      readonly lost?: string;
      readonly heads?: readonly AuditLink[];
    }
  /** The chain is in the journal by now, which was locked when it began. It names the late lines of other chains, as `opened` does. */
  | { readonly event: 'entered'; readonly journal: string; readonly heads: readonly AuditLink[] }
  /** The journal knows of lines, and the file is not there or has none. */
  | { readonly event: 'missing' }
  /** The file is shorter than it was. */
  | { readonly event: 'shortened'; readonly from: number; readonly to: number }
  /** The file is another one than before: restored, copied, or saved by another program. */
  | { readonly event: 'replaced' }
  /** A line that was not written to its end was closed with a line break. `hash` is the SHA-256 of its `bytes`. */
  | { readonly event: 'torn'; readonly bytes: number; readonly hash: string }
  /** The line with the number `line` of this chain could not be brought to the disk or into the journal: nothing followed from it. */
  | { readonly event: 'withdrawn'; readonly line: number; readonly reason: string }
  /** The full file was set aside under this name. */
  | { readonly event: 'rotated'; readonly file: string }
  /** A person had the audit start again. What was there before is not verified any more, but has to stay as it is. */
  | {
      readonly event: 'restarted';
      readonly reason: string;
      readonly by: string;
      readonly before: readonly FileSetAside[];
    };
