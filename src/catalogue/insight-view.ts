/** The rooms of the console that draw the answer of an insight. */
export const ROOMS = ['health', 'runs', 'storage', 'access'] as const;

export type Room = (typeof ROOMS)[number];

/** What an insight found, as exact values to be drawn: sizes in bytes, days as `2026-11-29` in the zone of the reader, times as `2026-11-29T06:00:00Z`. */
export type InsightView = HealthView | RunsView | StorageView | AccessView;

export interface HealthView {
  readonly room: 'health';
  readonly overall: HealthState;
  /** What is worst comes first. */
  readonly checks: readonly HealthCheck[];
  readonly server?: string | undefined;
}

export type HealthState = 'ok' | 'attention' | 'broken' | 'unknown';

export interface HealthCheck {
  readonly area: string;
  readonly state: HealthState;
  /** What is wrong, most urgent first, or what was found to be in order. */
  readonly reasons: readonly string[];
}

export interface RunsView {
  readonly room: 'runs';
  /** Every day of the calendar, the oldest first. */
  readonly days: readonly string[];
  /** What needs attention most comes first. */
  readonly rows: readonly RunRow[];
  /** Profiles and jobs that have no row. */
  readonly rowsLeftOut: number;
  /** What the calendar lacks because it could not be read, such as `the jobs`. */
  readonly unread: readonly string[];
  /** Runs that did not end as succeeded, the newest first. */
  readonly failures: readonly FailedRun[];
  readonly failuresLeftOut: number;
}

export interface RunRow {
  readonly kind: 'profile' | 'job';
  readonly name: string;
  /** One for each day of the calendar. */
  readonly days: readonly RunDay[];
}

/** `silent` is a day without a run on which one was due; `none` is one on which none was; of an `unknown` one the runs could not be read. */
export type RunDayState = 'ok' | 'warnings' | 'errors' | 'failed' | 'silent' | 'none' | 'unknown';

export interface RunDay {
  readonly state: RunDayState;
  readonly runs: number;
  /** Runs that did not end as succeeded. */
  readonly notSucceeded: number;
  /** Items that the runs of a profile archived. */
  readonly items?: number | undefined;
}

export interface FailedRun {
  /** The position of its profile or job among the rows. */
  readonly row: number;
  readonly day: string;
  readonly at: string;
  readonly result: string;
  /** Absent where the report was not opened, or the API keeps none. */
  readonly cause?: string | undefined;
  /** True where the cause is that of equal runs before and after it. */
  readonly isAssumed: boolean;
}

export interface StorageView {
  readonly room: 'storage';
  /** The size of all stores, as far as it is known; absent where they could not be read. */
  readonly total?: number | undefined;
  /** The largest first; absent where they could not be read. */
  readonly stores?: readonly (MeasuredPart & { readonly state: string })[] | undefined;
  /** The largest first; absent where archives were not measured. */
  readonly archives?: readonly MeasuredPart[] | undefined;
  readonly archivesLeftOut: number;
  /** What each day brought, the oldest first; sizes are estimated. Absent where runs or sizes could not be read. */
  readonly growth?: readonly { readonly day: string; readonly items: number; readonly size: number }[] | undefined;
  /** Estimated totals on later days. */
  readonly forecast?: readonly { readonly day: string; readonly size: number }[] | undefined;
  readonly assumptions: readonly string[];
}

/** A store or an archive; without a size where the server gave none. */
export interface MeasuredPart {
  readonly name: string;
  readonly size?: number | undefined;
  readonly messages?: number | undefined;
}

export interface AccessView {
  readonly room: 'access';
  readonly people: readonly { readonly userName: string; readonly fullName?: string | undefined; readonly isAdministrator: boolean }[];
  /** All users that there are; absent where they could not be listed. */
  readonly peopleInAll?: number | undefined;
  /** Rights on archives; `isOwn` where the archive has the name of the user. */
  readonly rights: readonly AccessRight[];
  readonly rightsLeftOut: number;
  /** Where the accounts go on that this answer had no time for; absent where it has all. */
  readonly nextOffset?: number | undefined;
  readonly administratorsMay: string;
}

export interface AccessRight {
  readonly archive: string;
  readonly userName: string;
  readonly privileges: readonly string[];
  readonly isOwn: boolean;
}
