import type { InsightView, Room } from '../catalogue/insight-view.ts';
import type { QuestionInfo, TargetInfo } from '../tester/web/protocol.ts';

/** The messages between the console's page and its server. Every address is relative to the page's own. */

/** The answer to `GET contents`. */
export interface ConsoleContents {
  readonly version: string;
  readonly targets: readonly TargetInfo[];
  /** The IANA zone in which times are shown and days are counted. */
  readonly timeZone: string;
  /** The rooms that have an insight to draw. */
  readonly rooms: readonly Room[];
  /** True where a person at the terminal of this console can say yes. */
  readonly canDecide: boolean;
}

/** The answer to `GET rooms/<room>?target=<name>`, for a room that continues with `&offset=<number>`. */
export type RoomAnswer = { readonly problem: string } | DrawnRoom;

/** What an insight found, to be drawn. */
export interface DrawnRoom {
  readonly headline: string;
  readonly view: InsightView;
  readonly notLookedAt: readonly string[];
  /** Reads without a usable value: one sentence each. */
  readonly notRead: readonly string[];
  /** When it was read, as ISO 8601 UTC. */
  readonly readAt: string;
}

/** A question that waits for a person's yes. */
export interface InboxQuestion {
  readonly approvalId: string;
  readonly label: string;
  readonly tool: string;
  readonly target: string;
  readonly prompt: string;
  readonly requestedAt: string;
  readonly expiresAt: string;
}

/** The answer to `GET inbox`. */
export interface Inbox {
  readonly questions: readonly InboxQuestion[];
  /** How a terminal decides them where this console cannot. */
  readonly command: string;
}

export interface DecideRequest {
  readonly approvalId: string;
  readonly how: 'grant' | 'refuse';
}

/** A line of the answer to `POST inbox` and to `POST revert`. */
export type WorkEvent =
  | ({ readonly kind: 'question' } & QuestionInfo)
  | { readonly kind: 'done'; readonly says: string }
  | { readonly kind: 'problem'; readonly problem: string };

export const RECORD_FILTERS = ['notable', 'changes', 'questions', 'refused', 'failed', 'everything'] as const;

export type RecordFilter = (typeof RECORD_FILTERS)[number];

/** The query of `GET record` and `GET export`. Days are whole, in the configured zone. */
export interface RecordQuery {
  readonly show: RecordFilter;
  readonly text?: string | undefined;
  readonly since?: string | undefined;
  readonly until?: string | undefined;
  /** Entries at most. */
  readonly limit: number;
}

/** The answer to `GET record`. */
export interface RecordPage {
  /** The newest first. */
  readonly entries: readonly RecordEntry[];
  readonly hasMore: boolean;
  /** The number of lines after which the search was given up; absent where it went to the end. */
  readonly gaveUpAfter?: number;
}

/** A line of the audit. */
export interface RecordEntry {
  /** Its chain and number. */
  readonly id: string;
  /** Absent for a line that cannot be read. */
  readonly time?: string;
  readonly kind: 'call' | 'decision' | 'record';
  readonly who: string;
  readonly what: string;
  readonly details: string;
  readonly target?: string;
  readonly effect?: string;
  readonly decision?: string;
  readonly outcome?: string;
  readonly change?: RecordedChange;
  /** The whole line as JSON. */
  readonly line: string;
}

export interface RecordedChange {
  readonly number: number;
  readonly summary: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly canRevert: boolean;
  readonly revertedBy?: number;
}

/** The answer to `GET verify`. */
export interface RecordVerdict {
  readonly isIntact: boolean;
  /** One sentence. */
  readonly says: string;
  readonly problems: readonly string[];
  readonly notes: readonly string[];
  /** The last line, to be noted elsewhere, as `audit verify --expect` takes it. */
  readonly last?: string;
}
