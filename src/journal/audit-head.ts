import type { Sqlite } from './sqlite.ts';

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
  /** Identifies this journal: one that is made anew has another. */
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
 * The heads of the audit's chains: for each process that writes, the number and hash of a late line. The lines are in files beside the journal, and
 * may be ahead of the heads; they are behind only if lines were removed.
 */
export class AuditHeads {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  // The methods return promises, as those of a journal on another machine have to.
  async record(): Promise<AuditRecord> {
    return this.#record();
  }

  /** Returns everything that the audit's lines are compared with: all chains, and the heads of those that have one. */
  async known(): Promise<KnownHeads> {
    const links = this.#db.all<AuditLink>('SELECT chain, number, hash FROM audit_chains').map(toLink);
    return { record: this.#record(), chains: links.map(({ chain }) => chain), heads: links.filter(({ number }) => number > 0) };
  }

  /** Enters a new chain and returns what its first line has to name. Two chains never name the same head. */
  async open(chain: string, process: AuditProcess): Promise<ChainOpening> {
    return this.#db.transaction(() => {
      const isFirst = this.#db.get('SELECT 1 FROM audit_chains LIMIT 1') === undefined;
      const heads = this.#db.all<AuditLink>('SELECT chain, number, hash FROM audit_chains WHERE named < number').map(toLink);
      this.#db.run('UPDATE audit_chains SET named = number WHERE named < number');
      this.#db.run(`INSERT INTO audit_chains (chain, number, hash, process) VALUES (?, 0, '', ?)`, [chain, JSON.stringify(process)]);
      return { ...this.#record(), isFirst, heads };
    });
  }

  /**
   * Stores a later line of a chain as its head; an earlier one changes nothing. The line is on the disk by then. Returns false when the journal does
   * not know the chain: it was made anew, or the audit was restarted.
   */
  async store({ chain, number, hash }: AuditLink, file: string, { ino, size }: AuditPlace): Promise<boolean> {
    return this.#db.transaction(() => {
      const known = this.#db.get<{ number: number }>('SELECT number FROM audit_chains WHERE chain = ?', [chain]);
      if (!known) return false;
      if (number > known.number) {
        this.#db.run('UPDATE audit_chains SET number = ?, hash = ?, file = ? WHERE chain = ?', [number, hash, file, chain]);
        this.#db.run('UPDATE audit_record SET size = iif(ino = ?, max(size, ?), ?), ino = ?', [ino, size, size, ino]);
      }
      return true;
    });
  }

  /** Has `work`, which is synchronous, do what no other process may do at the same time, such as setting a full file aside. */
  async exclusively<T>(work: () => T): Promise<T> {
    return this.#db.transaction(work);
  }

  /**
   * Forgets all chains but the one that begins now. `setAside`, which is synchronous, renames the files that are there and returns the number that the
   * next full file will have: verification begins with it.
   */
  async restart(chain: string, process: AuditProcess, setAside: () => number): Promise<void> {
    this.#db.transaction(() => {
      const firstFile = setAside();
      this.#db.run('DELETE FROM audit_chains');
      this.#db.run(`INSERT INTO audit_chains (chain, number, hash, process) VALUES (?, 0, '', ?)`, [chain, JSON.stringify(process)]);
      this.#db.run('UPDATE audit_record SET first_file = ?, restarted_by = ?, ino = NULL, size = 0', [firstFile, chain]);
    });
  }

  #record(): AuditRecord {
    const row = this.#db.get<RecordRow>('SELECT journal, first_file, restarted_by, ino, size FROM audit_record');
    if (!row) throw new Error('the journal has no record of the audit');
    return {
      journal: row.journal,
      firstFile: row.first_file,
      ...(row.restarted_by !== null && { restartedBy: row.restarted_by }),
      ...(row.ino !== null && { place: { ino: row.ino, size: row.size } }),
    };
  }
}

interface RecordRow {
  readonly journal: string;
  readonly first_file: number;
  readonly restarted_by: string | null;
  readonly ino: string | null;
  readonly size: number;
}

function toLink({ chain, number, hash }: AuditLink): AuditLink {
  return { chain, number, hash };
}
