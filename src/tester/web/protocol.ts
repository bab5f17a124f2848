import type { Access, ApiForm } from '../../base/target.ts';
import type { Effect, Risk } from '../../catalogue/define-command.ts';
import type { ChoiceOfFields, NamedKind } from '../../catalogue/fields.ts';
import type { TaskRecord } from '../../journal/task-record.ts';
import type { Exchange } from '../../client/record-exchange.ts';
import type { InsightResult } from '../../guard/run-insight.ts';

/** The messages between the page and its server. Every address is relative to the page's own. */

/** The group of the insights among the commands. */
export const INSIGHTS_GROUP = 'insights';

/** Which control a field gets. */
export type FieldKind = 'text' | 'number' | 'boolean' | 'choice' | 'choices' | 'list' | 'datetime' | 'json' | 'secret';

/** One argument of a command, as a form needs it. */
export interface FieldInfo {
  readonly name: string;
  readonly kind: FieldKind;
  readonly description: string;
  readonly isRequired: boolean;
  /** True where null is a value of its own: it clears. */
  readonly isNullable: boolean;
  /** True where what is written may contain a secret; a field of the kind `secret` is one. */
  readonly mayHoldSecret?: true;
  /** What is sent where nothing is stated. */
  readonly default?: string | boolean | number;
  readonly choices?: readonly (string | number)[];
  /** Values that are needed most, of a field that takes any text. */
  readonly presets?: readonly string[];
  /** What the value names; those that exist can be read. */
  readonly names?: NamedKind;
  /** The choice that the field belongs to with others. */
  readonly choiceOf?: ChoiceOfFields;
}

/** One command of the catalogue, or an insight, which answers a question from several reads. */
export interface CommandInfo {
  readonly name: string;
  readonly tool: string;
  readonly title: string;
  readonly summary: string;
  readonly group: string;
  /** The mildest and the worst that its arguments make of it. */
  readonly effects: readonly [mildest: Effect, worst: Effect];
  /** Why its changes need a yes: the risks that each of them has, and those that depend on the arguments or on what is read. */
  readonly risks: { readonly certain: readonly Risk[]; readonly possible: readonly Risk[] };
  /** True where a change can be put back by one call, or why it cannot; absent for a command that changes nothing. */
  readonly putBack?: true | string;
  /** The access without which none of its forms runs. */
  readonly needs: Access;
  readonly isLong: boolean;
  /** True where only some servers have it. */
  readonly isDoubtful: boolean;
  readonly since?: string;
  readonly fields: readonly FieldInfo[];
  readonly example: Readonly<Record<string, unknown>>;
  /** The argument that is a configuration, of which what is set now can be read. */
  readonly configuration?: string;
  /** Fields of the answer's rows that hold a number of bytes. */
  readonly bytes?: readonly string[];
}

export interface TargetInfo {
  readonly name: string;
  readonly origin: string;
  readonly user: string;
  readonly access: Access;
  /** True where it is emulated by this program. */
  readonly isSandbox: boolean;
}

/** The answer to `GET commands`. */
export interface PageContents {
  readonly version: string;
  readonly targets: readonly TargetInfo[];
  /** The form that the configuration names. */
  readonly form: ApiForm;
  readonly commands: readonly CommandInfo[];
  /** The IANA zone of times that name none. */
  readonly timeZone: string;
}

/** The body of `POST call`: the call in the form, or one of the history. */
export type CallRequest =
  | {
      readonly command: string;
      readonly args: Readonly<Record<string, unknown>>;
      readonly target: string;
      readonly form: ApiForm;
    }
  | { readonly repeat: number };

/** The body of `POST current`: the call that would change the configuration. */
export type CurrentRequest = Exclude<CallRequest, { readonly repeat: number }>;

/** The answer to `POST current`: the fields as they are set, and the names of those that the read does not show, such as a password. */
export type CurrentConfiguration =
  | { readonly value: Readonly<Record<string, unknown>>; readonly notShown: readonly string[] }
  | { readonly problem: string };

/** The body of `POST names`: what of the archive is asked for. */
export interface NamesRequest {
  readonly names: string;
  readonly target: string;
  readonly form: ApiForm;
}

/** What exists under a name, with a title for people. */
export interface KnownName {
  readonly value: string;
  readonly title?: string;
}

/** The answer to `POST names`; of very many, the first. */
export type KnownNames = { readonly known: readonly KnownName[]; readonly total: number } | { readonly problem: string };

/** What a write changed. */
export interface ChangeInfo {
  readonly number?: number;
  readonly before: unknown;
  readonly after: unknown;
  readonly note?: string;
  /** The command that puts it back from a terminal; absent where none can. */
  readonly revert?: string;
}

/** The outcome of a call. */
export type CallEnd =
  | {
      readonly kind: 'value';
      /** What came otherwise than the catalogue expects, one sentence each. */
      readonly drift: readonly string[];
      readonly change?: ChangeInfo;
      /** The files of the secrets that were generated, by field. */
      readonly generated?: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'task';
      readonly taskId: string;
      readonly generated?: Readonly<Record<string, string>>;
      /** How the long command ended, in words; absent until it has. */
      readonly outcome?: string;
      readonly hasFailed?: boolean;
    }
  | { readonly kind: 'error'; readonly message: string };

/** What a call returned: its value, or the findings of an insight. `zone` is the IANA zone of times that name none. */
export type CallAnswer =
  | { readonly kind: 'value'; readonly value: unknown; readonly zone: string }
  | { readonly kind: 'report'; readonly report: InsightResult };

/** One call of this run or an earlier one, without what went over the wire. */
export interface CallSummary {
  readonly id: number;
  readonly command: string;
  /** Secrets are masked. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly target: string;
  readonly form: ApiForm;
  readonly startedAt: string;
  readonly ms?: number;
  readonly end?: CallEnd;
  /** True for a call of an earlier run, of which neither exchanges nor answer are kept. */
  readonly isEarlier?: true;
  /** Why it cannot be sent again as it was. */
  readonly notRepeatable?: string;
}

/** An exchange of a call, counted from 1. */
export interface NumberedExchange extends Exchange {
  readonly number: number;
}

/** The answer to `GET calls/<id>`. Of a long command's many looks at its status, the oldest are left out. */
export interface CallRecord extends CallSummary {
  /** Absent where nothing came back. */
  readonly answer?: CallAnswer;
  readonly exchanges: readonly NumberedExchange[];
}

/** A value that cannot be sent; without a field, it concerns the call as a whole. */
export interface Problem {
  readonly field?: string;
  readonly message: string;
}

/** A task as the page shows it. */
export type TaskInfo = Omit<TaskRecord, 'run' | 'lease' | 'pollMark' | 'lostPoll'>;

/** The answer to `GET news`: what goes on, whichever page began it. */
export interface News {
  readonly tasks: readonly TaskInfo[];
  /** How many tasks the record has of archives that are not configured. */
  readonly elsewhere: number;
  /** The calls of this run, the newest first; absent where the page that asks has them as they are. */
  readonly calls?: readonly CallSummary[];
  /** Another number with every call that ends. */
  readonly callsRevision: number;
}

/** One line of the answer to `POST tasks/<id>/cancel`; the last is the task, or why the server was not asked to stop it. */
export type CancelEvent =
  | ({ readonly kind: 'question' } & QuestionInfo)
  | { readonly kind: 'task'; readonly task: TaskInfo }
  | { readonly kind: 'problem'; readonly problem: string };

/** One line of the answer to `POST call`. */
export type CallEvent =
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'started'; readonly call: CallSummary }
  | { readonly kind: 'exchange'; readonly call: number; readonly exchange: NumberedExchange }
  | ({ readonly kind: 'question' } & QuestionInfo)
  | { readonly kind: 'task'; readonly task: TaskInfo }
  | { readonly kind: 'ended'; readonly call: CallSummary; readonly answer?: CallAnswer };

/** A question about a call or a cancellation, which waits for `POST answer`. */
export interface QuestionInfo {
  readonly id: string;
  readonly prompt: string;
  /** Names the act, such as `Delete amira`. */
  readonly label: string;
  /** What has to be typed to say yes; absent if a plain yes is enough. */
  readonly confirmationText?: string;
}

/** The body of `POST answer`. */
export interface AnswerRequest {
  readonly id: string;
  /** The text that was typed, or `yes`; empty to cancel. */
  readonly answer: string;
  /** The code that the terminal shows for this question. */
  readonly code?: string | undefined;
}

export const COPY_FORMS = ['curl', 'powershell', 'terminal', 'mcp'] as const;
export type CopyForm = (typeof COPY_FORMS)[number];

/** The body of `POST copy`; the exchange is one of the call's, by its number; an MCP call needs none. */
export interface CopyRequest {
  readonly call: number;
  readonly exchange: number;
  readonly as: CopyForm;
}

/** The answer to `POST copy`. */
export interface CopyText {
  readonly text: string;
}
