import type { Effect, Risk } from '../catalogue/define-command.ts';

/** What the audit keeps of one step of a call: that it was refused, asked about, sent, or how it ended. */
export interface AuditEntry {
  /** The id that the entries of one call share. */
  readonly call: string;
  /** The client that called: its name and version, or `terminal`. */
  readonly client: string;
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
    readonly answer: string;
    /** The text that the person was shown. */
    readonly prompt: string;
    readonly approvalId?: string;
  };
  readonly outcome?: string;
  readonly error?: string;
  /** The id of the task that the call became. */
  readonly task?: string;
  /** The number of the change by which the call can be put back. */
  readonly change?: number;
}

/** A line by its number and by the SHA-256 of its bytes without the line break, as hex digits. */
export interface AuditLink {
  /** From 1 on, across all files. */
  readonly sequence: number;
  readonly hash: string;
}

/** What the audit says about itself. */
export type AuditEvent =
  /** The file ended in the middle of a line, whose `cut` bytes were removed. */
  | { readonly event: 'repaired'; readonly cut: number }
  /** The line `head`, which was written before, was not found. */
  | { readonly event: 'gap'; readonly head: AuditLink };
