import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { openSqlite, type Sqlite, type SqliteOptions } from './sqlite.ts';

/** How long a file is waited for that another process keeps locked, in milliseconds. */
const BUSY_LIMIT_MS = 15_000;

/** Pauses between two attempts on a locked file, in milliseconds; the last one repeats. Most locks are held for the time of one write. */
const PAUSES_MS: readonly number[] = [1, 2, 5, 10, 20, 50];

export interface DatabaseOptions extends SqliteOptions {
  readonly clock: Clock;
}

/**
 * One SQLite file. Each piece of work is one transaction that begins and ends in the same turn of the event loop, so that no lock is held while
 * other code runs. A file that another process has locked is waited for without blocking the event loop: the work is rolled back and run again.
 */
export class Database {
  readonly path: string;
  readonly #options: DatabaseOptions;
  /** Aborts when the file is closed, so that nothing waits for it any longer. */
  readonly #closed = new AbortController();
  /** Absent until the file could be opened. */
  #db: Sqlite | undefined;

  private constructor(path: string, options: DatabaseOptions) {
    this.path = path;
    this.#options = options;
  }

  /**
   * Opens the file. Where another process keeps it locked, it is opened by the first work that finds it free. Throws MailStoreError when no engine
   * loads or the file cannot be used.
   */
  static open(path: string, options: DatabaseOptions): Database {
    const database = new Database(path, options);
    try {
      database.#open();
    } catch (error) {
      if (!isError(error, 'journalBusy')) throw error;
    }
    return database;
  }

  /**
   * Runs `work`, which must be synchronous and only reads, on one state of the file. `work` may run more than once. Rejects with MailStoreError
   * `journalBusy` when the file stays locked for BUSY_LIMIT_MS.
   */
  read<T>(work: (db: Sqlite) => T): Promise<T> {
    return this.#whenFree((db) => db.snapshot(() => work(db)));
  }

  /**
   * Runs `work`, which must be synchronous, as one write transaction. It is rolled back when `work` throws, and may run more than once. What it wrote
   * has reached the disk when the promise resolves. Rejects with MailStoreError `journalBusy` as `read` does.
   */
  write<T>(work: (db: Sqlite) => T): Promise<T> {
    return this.#whenFree((db) => db.transaction(() => work(db)));
  }

  /** Closes the file. Work that waits for it is given up. */
  close(): void {
    this.#closed.abort();
    this.#db?.close();
    this.#db = undefined;
  }

  #open(): Sqlite {
    const { clock: _clock, ...options } = this.#options;
    this.#db = openSqlite(this.path, options);
    return this.#db;
  }

  async #whenFree<T>(attempt: (db: Sqlite) => T): Promise<T> {
    const { clock } = this.#options;
    const { signal } = this.#closed;
    const start = clock.monotonic();
    for (let attempts = 0; ; attempts++) {
      if (signal.aborted) throw new Error(`'${this.path}' was closed`);
      try {
        return attempt(this.#db ?? this.#open());
      } catch (error) {
        if (!isError(error, 'journalBusy')) throw error;
        if (clock.monotonic() - start >= BUSY_LIMIT_MS) {
          throw new MailStoreError('journalBusy', { path: this.path, ms: BUSY_LIMIT_MS }, { cause: error });
        }
        const pause = PAUSES_MS[Math.min(attempts, PAUSES_MS.length - 1)] ?? 0;
        // Processes that wait for the same lock must not come back together.
        await clock.sleep(pause * (0.5 + Math.random()), signal).catch(() => undefined);
      }
    }
  }
}
