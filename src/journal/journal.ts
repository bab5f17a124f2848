import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { ApprovalJournal } from './approval-journal.ts';
import { AuditJournal } from './audit-head.ts';
import { ChangeJournal } from './change-journal.ts';
import { migrate, refuseNewer } from './migrations.ts';
import { openSqlite, type Sqlite, type SqliteEngine } from './sqlite.ts';
import { TaskJournal, type LeaseTiming } from './task-journal.ts';

export interface JournalOptions extends LeaseTiming {
  readonly clock: Clock;
  /** The database engines to try, in this order; all that are known unless told. */
  readonly engines?: readonly SqliteEngine[];
}

/** The durable record, one file in a folder, shared by every process that runs there. What a method wrote has reached the disk when it returns. */
export class Journal {
  readonly path: string;
  readonly tasks: TaskJournal;
  readonly approvals: ApprovalJournal;
  readonly changes: ChangeJournal;
  readonly audit: AuditJournal;
  readonly #db: Sqlite;

  private constructor(path: string, db: Sqlite, { clock, ...timing }: JournalOptions) {
    this.path = path;
    this.#db = db;
    this.tasks = new TaskJournal(db, clock, timing);
    this.approvals = new ApprovalJournal(db, clock);
    this.changes = new ChangeJournal(db, clock);
    this.audit = new AuditJournal(db);
  }

  /** Opens the record in `folder` and creates what is missing. Throws MailStoreError when no engine loads or the file cannot be used. */
  static open(folder: string, options: JournalOptions): Journal {
    const { engines } = options;
    const path = join(folder, 'journal.sqlite');
    const db = openSqlite(path, { ...(engines && { engines }), inspect: (file) => refuseNewer(file, path) });
    try {
      migrate(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
    return new Journal(path, db, options);
  }

  close(): void {
    this.#db.close();
  }
}
