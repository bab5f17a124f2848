import type { Sqlite } from './sqlite.ts';

/** The last line of the audit's hash chain. Before the first line the sequence is 0, and hash and file are empty. */
export interface AuditHead {
  /** The number of the line, from 1 on across all files. */
  readonly sequence: number;
  readonly hash: string;
  /** The name of the file that the line is in. */
  readonly file: string;
}

/** Where the audit's hash chain ends. The lines themselves are in files beside the journal. */
export class AuditJournal {
  readonly #db: Sqlite;

  constructor(db: Sqlite) {
    this.#db = db;
  }

  head(): AuditHead {
    const head = this.#db.get<AuditHead>('SELECT sequence, hash, file FROM audit_head');
    if (!head) throw new Error('the journal has no head of the audit');
    return { sequence: head.sequence, hash: head.hash, file: head.file };
  }

  /** Has `work` do what no other process may do at the same time; it is synchronous. Costs no write to the disk while `work` stores nothing. */
  locked<T>(work: () => T): T {
    return this.#db.transaction(work);
  }

  /**
   * Has `work` write lines after the head it is given, while no other process can, and stores and returns the head it returns. When `work`
   * throws, the head stays. `work` is synchronous, and has every line on disk when it returns: a process that dies between the two leaves
   * lines that the head does not know, never a head without its line.
   */
  append(work: (head: AuditHead) => AuditHead): AuditHead {
    return this.locked(() => {
      const next = work(this.head());
      this.#db.run('UPDATE audit_head SET sequence = ?, hash = ?, file = ?', [next.sequence, next.hash, next.file]);
      return next;
    });
  }
}
