import type { PageRequest, RowPage } from './page.ts';

/** The call that puts a change back. */
export interface InverseCall {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a write did. Secrets are masked before they come here. */
export interface NewChange {
  readonly command: string;
  /** The target's name when the change was made. */
  readonly target: string;
  /** `https://host:port` of the archive that was changed: the only one that the change can be put back in. */
  readonly origin: string;
  /** The login name there. */
  readonly login: string;
  readonly argumentsMasked: Readonly<Record<string, unknown>>;
  /** The object as it was read before the write; null where there was none. */
  readonly before: unknown;
  /** The object as it was read after the write; null if there is none, or it could not be read. */
  readonly after: unknown;
  /** Why the object could not be read after the write; absent if it was read. */
  readonly afterUnreadBecause?: string;
  /** Null for a change that cannot be put back. */
  readonly inverse: InverseCall | null;
  /** The task that still makes the change; absent when its end was seen. `isExact` is true if `before` was read in its declared form. */
  readonly run?: { readonly taskId: string; readonly isExact: boolean };
  /** One sentence for people. */
  readonly summary: string;
}

export interface Change extends NewChange {
  /** Grows from change to change and is never given twice. */
  readonly number: number;
  /** ISO 8601 UTC. */
  readonly changedAt: string;
  /** The number of the change that put this one back. */
  readonly revertedBy?: number;
}

/** How the object of a change reads after the end of the task that made it. */
export type SettledChange = Pick<NewChange, 'after' | 'afterUnreadBecause' | 'inverse'>;

/** The writes that can be shown, and put back, later. Each method is one transaction. */
export interface ChangeJournal {
  /** Stores a change. */
  record(change: NewChange): Promise<Change>;

  /** Returns the changes, the newest first. */
  list(options?: { readonly limit?: number }): Promise<readonly Change[]>;

  /** Returns one page of the changes, the newest first. `match` looks at the command, target, arguments and both states. */
  page(request: PageRequest): Promise<RowPage<Change>>;

  /** Returns the change with this number. */
  get(number: number): Promise<Change | undefined>;

  /** Returns the change that this task still makes. */
  findByRun(taskId: string): Promise<Change | undefined>;

  /** Stores how a change reads after its task. False, and nothing is changed, where no task makes it any more. */
  settle(number: number, settled: SettledChange): Promise<boolean>;

  /**
   * Records that the change `byNumber` put the change `number` back. False, and nothing is changed, where it was put back before, where
   * either does not exist, or where `byNumber` is not the later one.
   */
  markReverted(number: number, byNumber: number): Promise<boolean>;
}
