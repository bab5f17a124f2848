/** A line of the audit: the chain it belongs to, its number there, and the SHA-256 of its bytes without the line break, as hex digits. */
export interface AuditLink {
  /** 16 hex digits; each process that writes begins a chain of its own. */
  readonly chain: string;
  /** From 1 on, across all files. */
  readonly number: number;
  readonly hash: string;
}

/** Where the audit's file was when a head was stored. */
export interface AuditPlace {
  /** Identifies the file; a file of the same name may be another one. */
  readonly ino: string;
  /** The file has not been shorter than this since. */
  readonly size: number;
}

/** Who writes a chain. */
export interface AuditProcess {
  readonly pid: number;
  readonly host: string;
  /** The operating system's name of the account, where it has one. */
  readonly user?: string;
}

/** What the journal knows of the audit. */
export interface AuditRecord {
  /** Identifies this journal: a new one has another. */
  readonly journal: string;
  /** The first file that is verified line by line: those with a lower number were set aside when the audit was restarted. */
  readonly firstFile: number;
  /** The chain that began with the last restart. */
  readonly restartedBy?: string;
  readonly place?: AuditPlace;
}

/** What the lines of the audit are compared with. */
export interface KnownHeads {
  readonly record: AuditRecord;
  /** Every chain that was ever entered, also one without a line. */
  readonly chains: readonly string[];
  readonly heads: readonly AuditLink[];
}

/** What a chain that begins finds in the journal. */
export interface ChainOpening extends AuditRecord {
  /** True for the first chain of this journal. */
  readonly isFirst: boolean;
  /** The heads that no other chain has named yet; this one has to. */
  readonly heads: readonly AuditLink[];
}

/**
 * The heads of the chains of the audit: for each process that writes, the number and hash of a late line. The lines are in files next to the journal, and
 * may be ahead of the heads; they are behind only if lines were removed. Each method is one transaction.
 */
export interface AuditHeads {
  /** Returns what is known of the audit as a whole. */
  record(): Promise<AuditRecord>;

  /** Returns everything that the lines of the audit are compared with: all chains, and the heads of those that have one. */
  known(): Promise<KnownHeads>;

  /** Enters a new chain and returns what its first line has to name. Two chains never name the same head. */
  open(chain: string, process: AuditProcess): Promise<ChainOpening>;

  /**
   * Stores a later line of a chain as its head; an earlier one changes nothing. The line is on the disk by then. Returns false when the journal does
   * not know the chain: the journal was made again, or the audit was restarted.
   */
  store(head: AuditLink, file: string, place: AuditPlace): Promise<boolean>;

  /**
   * Runs `work`, which is synchronous, while no other process may do the same, such as to set a full file aside. `work` may run more than once.
   */
  exclusively<T>(work: () => T): Promise<T>;

  /**
   * Forgets all chains but the one that begins now. `setAside`, which is synchronous and may run more than once, renames the files that are there and
   * returns the number that the next full file will have: verification begins with it.
   */
  restart(chain: string, process: AuditProcess, setAside: () => number): Promise<void>;
}
