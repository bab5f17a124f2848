import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { readErrno } from '../base/errno.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import type { ApprovalJournal } from './approval-journal.ts';
import type { AuditHeads } from './audit-head.ts';
import type { ChangeJournal } from './change-journal.ts';
import { Database } from './database.ts';
import { migrate, refuseForeign, refuseNewer, refuseOlder } from './migrations.ts';
import type { Sqlite, SqliteEngine } from './sqlite.ts';
import { SqliteApprovalJournal } from './sqlite-approval-journal.ts';
import { SqliteAuditHeads } from './sqlite-audit-heads.ts';
import { SqliteChangeJournal } from './sqlite-change-journal.ts';
import { SqliteTaskJournal } from './sqlite-task-journal.ts';
import { takeAlong, type TakenAlong } from './take-along.ts';
import type { TaskJournal } from './task-journal.ts';
import type { LeaseTiming } from './lease.ts';

export interface JournalOptions extends LeaseTiming {
  readonly clock: Clock;
  /** The database engines to try, in this order; all that are known by default. */
  readonly engines?: readonly SqliteEngine[];
  /** Called when the open file was moved, deleted or emptied, and the record goes on in the one that has its path now. */
  readonly onReplaced?: (taken: TakenAlong) => void;
}

/**
 * The durable record, one file in a folder, shared by every process that runs there. What a method wrote has reached the disk when its promise
 * resolves. A file that another process keeps locked is waited for without blocking the event loop, also where it is to be opened.
 */
export class Journal {
  readonly path: string;
  readonly tasks: TaskJournal;
  readonly approvals: ApprovalJournal;
  readonly changes: ChangeJournal;
  readonly audit: AuditHeads;
  readonly #db: Database;
  /** The folder of a copy that is removed when the record is closed. */
  #copy: string | undefined;

  private constructor(path: string, db: Database, { clock, ...timing }: JournalOptions) {
    this.path = path;
    this.#db = db;
    this.tasks = new SqliteTaskJournal(db, clock, timing);
    this.approvals = new SqliteApprovalJournal(db, clock);
    this.changes = new SqliteChangeJournal(db, clock);
    this.audit = new SqliteAuditHeads(db);
  }

  /** Opens the record in `folder` and creates what is missing. Throws MailStoreError when no engine loads or the file cannot be used. */
  static open(folder: string, options: JournalOptions): Journal {
    const { clock, engines, onReplaced } = options;
    const path = join(folder, 'journal.sqlite');
    let taken: TakenAlong = { tasks: 0 };
    const db = Database.open(path, {
      clock,
      ...(engines && { engines }),
      inspect: (file) => {
        refuseNewer(file, path);
        refuseForeign(file, path);
      },
      prepare: (file) => migrate(file, path),
      takeAlong: (before, now) => {
        taken = takeAlong(before, now);
      },
      onReplaced: () => onReplaced?.(taken),
    });
    return new Journal(path, db, options);
  }

  /**
   * Opens the record in `folder` to read it: the folder may be a copy, belong to somebody else, or not be writable. Returns undefined where there is
   * none. Throws MailStoreError as `open` does.
   */
  static openToRead(folder: string, options: JournalOptions): Journal | undefined {
    const path = join(folder, 'journal.sqlite');
    if (!existsSync(path)) return undefined;
    try {
      return Journal.#openToRead(path, options);
    } catch (error) {
      if (!isError(error, 'journalNotWritable')) throw error;
      // A transaction that a killed process has left has to be undone first, which is done in a copy.
      const copy = mkdtempSync(join(tmpdir(), 'mailstore-mcp-journal-'));
      try {
        for (const name of ['journal.sqlite', 'journal.sqlite-journal']) {
          if (existsSync(join(folder, name))) copyFileSync(join(folder, name), join(copy, name));
        }
        const journal = Journal.#openToRead(join(copy, 'journal.sqlite'), options);
        journal.#copy = copy;
        return journal;
      } catch (failed) {
        rmSync(copy, { recursive: true, force: true });
        const reason = readErrno(failed);
        throw reason === undefined ? failed : new MailStoreError('journalUnusable', { path, reason }, { cause: failed });
      }
    }
  }

  static #openToRead(path: string, options: JournalOptions): Journal {
    const { clock, engines } = options;
    const inspect = (file: Sqlite): void => {
      refuseNewer(file, path);
      refuseForeign(file, path);
      refuseOlder(file, path);
    };
    const db = Database.open(path, { clock, ...(engines && { engines }), isReadOnly: true, inspect });
    return new Journal(path, db, options);
  }

  close(): void {
    this.#db.close();
    if (this.#copy !== undefined) rmSync(this.#copy, { recursive: true, force: true });
  }
}
