import { accessSync, chmodSync, closeSync, constants, lstatSync, openSync, statSync, type Stats } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { MailStoreError } from '../base/errors.ts';
import { readErrno } from '../base/errno.ts';

/** What can be bound to a statement. Booleans and dates have no form of their own in SQLite: the caller says which number or text they are. */
export type SqlValue = string | number | null | Uint8Array;

/**
 * One open database. Every method works synchronously, and throws MailStoreError when the disk or the file is at fault. None waits for a lock: where
 * another process has the file locked, it throws `journalBusy` at once.
 */
export interface Sqlite {
  /** Runs statements without parameters. */
  exec(sql: string): void;
  /** Runs one statement and returns how many rows it changed. */
  run(sql: string, params?: readonly SqlValue[]): number;
  get<Row>(sql: string, params?: readonly SqlValue[]): Row | undefined;
  /** Returns all rows; a BLOB is a Uint8Array. */
  all<Row>(sql: string, params?: readonly SqlValue[]): Row[];
  /**
   * Runs `work` as one write transaction, rolled back when it throws; inside another transaction it becomes a part of that one.
   * `work` must not return a promise.
   */
  transaction<T>(work: () => T): T;
  /** Runs `work`, which only reads, on one state of the file. `work` must not return a promise. */
  snapshot<T>(work: () => T): T;
  /** Closes the file; closing again does nothing. */
  close(): void;
}

type SqlRow = Record<string, unknown>;

/** The few calls that an engine has to answer; what is common to all of them is done above it. */
export interface SqliteConnection {
  exec(sql: string): void;
  run(sql: string, params: readonly SqlValue[]): number;
  all(sql: string, params: readonly SqlValue[]): SqlRow[];
  close(): void;
}

export interface SqliteEngine {
  readonly name: string;
  /** Looks whether the engine is there and loads nothing. Throws an Error with the reason where this runtime does not have it. */
  find(): void;
  /** Returns the function that opens a file. Throws an Error with the reason where the engine is not there or does not load. */
  load(): (path: string) => SqliteConnection;
}

export interface SqliteOptions {
  /** The engines to try, in this order. */
  readonly engines?: readonly SqliteEngine[];
  /** Looks at the file before anything is done that could change it; what it throws keeps the file from being used. */
  readonly inspect?: (db: Sqlite) => void;
  /** Brings the file to the form that is expected. Not called for a file that is only read. */
  readonly prepare?: (db: Sqlite) => void;
  /**
   * Called when the open file was moved or deleted and another one has its path, with both open; `before` is absent if the file itself was emptied.
   * What it throws is thrown by the call that found this out, and the next call tries again.
   */
  readonly takeAlong?: (before: Sqlite | undefined, now: Sqlite) => void;
  /** Called when calls go to the other file. */
  readonly onReplaced?: () => void;
  /** True for an existing file that is only read: nothing is written to it or created next to it, and it may belong to another user. */
  readonly isReadOnly?: boolean;
}

/** What the two modules are asked for; neither has types that hold on every runtime. */
interface NodeSqliteModule {
  readonly DatabaseSync: new (path: string) => {
    exec(sql: string): void;
    prepare(sql: string): {
      run(...params: readonly SqlValue[]): { changes: number | bigint };
      all(...params: readonly SqlValue[]): SqlRow[];
    };
    close(): void;
  };
}
type LibsqlModule = new (path: string) => {
  exec(sql: string): void;
  prepare(sql: string): { run(params: readonly SqlValue[]): { changes: number }; all(params: readonly SqlValue[]): SqlRow[] };
  close(): void;
};

const nodeSqlite: SqliteEngine = {
  name: 'node:sqlite',
  find: () => {
    if (!isBuiltin('node:sqlite')) throw new Error(`Node ${process.versions.node} does not have it`);
  },
  load: () => {
    nodeSqlite.find();
    const { DatabaseSync } = withoutExperimentalWarning(() => process.getBuiltinModule('node:sqlite') as NodeSqliteModule);
    return (path) => {
      const db = new DatabaseSync(path);
      return {
        exec: (sql) => db.exec(sql),
        run: (sql, params) => Number(db.prepare(sql).run(...params).changes),
        all: (sql, params) => db.prepare(sql).all(...params),
        close: () => db.close(),
      };
    };
  },
};

/** In the CommonJS bundle there is no `import.meta.url`, and in an ES module no `__filename`. */
function requireHere(): NodeJS.Require {
  return createRequire(import.meta.url ?? __filename);
}

const libsql: SqliteEngine = {
  name: 'libsql',
  find: () => void requireHere().resolve('libsql'),
  load: () => {
    const Database = requireHere()('libsql') as LibsqlModule;
    return (path) => {
      const db = new Database(path);
      return {
        exec: (sql) => db.exec(sql),
        // Parameters go as one array: a single Uint8Array of its own would be taken for named parameters, and abort the process.
        run: (sql, params) => db.prepare(sql).run(params).changes,
        // Rows are always read to the last one: libsql's `get` leaves the statement open, and with it a lock that blocks every writer.
        all: (sql, params) => db.prepare(sql).all(params),
        close: () => db.close(),
      };
    };
  },
};

/** Every engine, the preferred first. A file may be shared by processes that use different ones. */
export const SQLITE_ENGINES: readonly SqliteEngine[] = [nodeSqlite, libsql];

/**
 * Opens the file, which is created together with its folder for its owner alone when it does not exist, in rollback mode with full
 * synchronisation. Throws MailStoreError when no engine loads or the file cannot be used.
 */
export function openSqlite(path: string, { engines = SQLITE_ENGINES, ...options }: SqliteOptions = {}): Sqlite {
  const connect = loadEngine(engines);
  return options.isReadOnly ? openToRead(path, connect, options) : new FollowingSqlite(path, connect, options);
}

function openToRead(path: string, connect: Connect, { inspect }: SqliteOptions): Sqlite {
  refuseOthers(path);
  const db = new GuardedSqlite(path, connect);
  try {
    db.exec(SETTINGS);
    db.exec('PRAGMA query_only = ON');
    inspect?.(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function openToWrite(path: string, connect: Connect, { inspect, prepare }: SqliteOptions): GuardedSqlite {
  refuseOthers(path);
  createForOwner(path);
  const db = new GuardedSqlite(path, connect);
  try {
    db.exec(SETTINGS);
    inspect?.(db);
    // Write-ahead mode is out of the question: the SQLite inside libsql may damage a file in it that several processes write.
    db.exec('PRAGMA journal_mode = TRUNCATE');
    prepare?.(db);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const SETTINGS = 'PRAGMA busy_timeout = 0; PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL';

/**
 * Throws MailStoreError `noSqlite`, which says what to do, when this runtime has no engine. Only looks for one: loading it takes about as long
 * as all the rest of a start, and is left for the first use.
 */
export function requireSqlite(): void {
  useFirst(SQLITE_ENGINES, ({ find }) => find());
}

type Connect = (path: string) => SqliteConnection;

function loadEngine(engines: readonly SqliteEngine[]): Connect {
  return useFirst(engines, ({ load }) => load());
}

/** Returns what `use` returns for the first engine that it does not throw for. Throws MailStoreError `noSqlite` with every reason. */
function useFirst<T>(engines: readonly SqliteEngine[], use: (engine: SqliteEngine) => T): T {
  const reasons: string[] = [];
  for (const engine of engines) {
    try {
      return use(engine);
    } catch (error) {
      reasons.push(`${engine.name}: ${firstLine(error)}`);
    }
  }
  throw new MailStoreError('noSqlite', { reasons });
}

/** Node 22 warns on stderr of every process that its SQLite module is young; no reader of that line could act on it. */
function withoutExperimentalWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Which file has a path. */
interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly isEmpty: boolean;
}

/** Returns the file that has the path; undefined if there is none or it cannot be looked at. */
function identify(path: string): FileIdentity | undefined {
  try {
    const { dev, ino, size } = statSync(path, { bigint: true });
    return { dev, ino, isEmpty: size === 0n };
  } catch {
    return undefined;
  }
}

/**
 * True if `now` is the file `before` with what was in it. On Windows, where file numbers are not reliable on every file system, a file cannot be
 * moved or deleted while SQLite has it open.
 */
function isSameFile(before: FileIdentity | undefined, now: FileIdentity | undefined): boolean {
  if (!before || !now || (now.isEmpty && !before.isEmpty)) return false;
  return process.platform === 'win32' || (before.ino === now.ino && before.dev === now.dev);
}

/** Works in the file that has the path now: SQLite itself would go on in one that was moved or deleted, unseen by everybody else. */
class FollowingSqlite implements Sqlite {
  readonly #path: string;
  readonly #connect: Connect;
  readonly #options: SqliteOptions;
  #db: GuardedSqlite;
  #file: FileIdentity | undefined;
  #isClosed = false;

  constructor(path: string, connect: Connect, options: SqliteOptions) {
    this.#path = path;
    this.#connect = connect;
    this.#options = options;
    this.#db = this.#open();
  }

  exec(sql: string): void {
    this.#current().exec(sql);
  }

  run(sql: string, params?: readonly SqlValue[]): number {
    return this.#current().run(sql, params);
  }

  get<Row>(sql: string, params?: readonly SqlValue[]): Row | undefined {
    return this.#current().get<Row>(sql, params);
  }

  all<Row>(sql: string, params?: readonly SqlValue[]): Row[] {
    return this.#current().all<Row>(sql, params);
  }

  transaction<T>(work: () => T): T {
    return this.#current().transaction(work);
  }

  snapshot<T>(work: () => T): T {
    return this.#current().snapshot(work);
  }

  close(): void {
    this.#isClosed = true;
    this.#db.close();
  }

  #current(): GuardedSqlite {
    if (this.#isClosed || this.#db.isInTransaction) return this.#db;
    const found = identify(this.#path);
    if (isSameFile(this.#file, found)) {
      this.#file = found;
      return this.#db;
    }
    const { takeAlong, onReplaced } = this.#options;
    const before = this.#db;
    const isEmptied = found?.isEmpty === true && found.ino === this.#file?.ino && found.dev === this.#file.dev;
    const now = this.#open();
    try {
      takeAlong?.(isEmptied ? undefined : before, now);
    } catch (error) {
      this.#file = undefined;
      now.close();
      throw error;
    }
    this.#db = now;
    before.close();
    onReplaced?.();
    return now;
  }

  #open(): GuardedSqlite {
    const before = identify(this.#path);
    const db = openToWrite(this.#path, this.#connect, this.#options);
    const after = identify(this.#path);
    // If the file was replaced meanwhile, it is not known which one is open: the next call opens it again.
    this.#file = before && !isSameFile(before, after) ? undefined : after;
    return db;
  }
}

/** Turns faults of disk and file into errors of the table, waits for locks, and keeps transactions whole. */
class GuardedSqlite implements Sqlite {
  readonly #path: string;
  readonly #connection: SqliteConnection;
  #isInTransaction = false;
  #isClosed = false;

  constructor(path: string, connect: Connect) {
    this.#path = path;
    this.#connection = this.#guard(() => connect(path));
  }

  get isInTransaction(): boolean {
    return this.#isInTransaction;
  }

  exec(sql: string): void {
    this.#guard(() => this.#connection.exec(sql));
  }

  run(sql: string, params: readonly SqlValue[] = []): number {
    checkParams(params);
    return this.transaction(() => this.#guard(() => this.#connection.run(sql, params)));
  }

  get<Row>(sql: string, params: readonly SqlValue[] = []): Row | undefined {
    return this.all<Row>(sql, params)[0];
  }

  all<Row>(sql: string, params: readonly SqlValue[] = []): Row[] {
    checkParams(params);
    return this.snapshot(() => this.#guard(() => this.#connection.all(sql, params))).map((row) => withBytes(row) as Row);
  }

  transaction<T>(work: () => T): T {
    return this.#inTransaction('BEGIN IMMEDIATE', work);
  }

  snapshot<T>(work: () => T): T {
    return this.#inTransaction('BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1', work);
  }

  /**
   * `begin` takes the lock that `work` needs. A prepared statement must never be the one that is refused a lock: libsql leaves it open, and the read
   * lock that a later transaction takes is then kept until the statement is garbage-collected. `exec` closes its statements.
   */
  #inTransaction<T>(begin: string, work: () => T): T {
    if (this.#isInTransaction) return work();
    this.#isInTransaction = true;
    try {
      this.exec(begin);
      const result = work();
      this.exec('COMMIT');
      return result;
    } catch (error) {
      this.#rollBack();
      throw error;
    } finally {
      this.#isInTransaction = false;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.close();
  }

  /** After a full disk SQLite has rolled back by itself, and says so by refusing; the error that led here is the one to report. */
  #rollBack(): void {
    try {
      this.#connection.exec('ROLLBACK');
    } catch {
      // Nothing is left to undo.
    }
  }

  #guard<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw explain(error, resultCode(error), this.#path);
    }
  }
}

/** SQLite's result codes (https://sqlite.org/rescode.html) that concern the machine and not the statement. */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** Returns the primary result code of an error of either engine, or undefined for an error that is not SQLite's. */
function resultCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const extended = ('errcode' in error && error.errcode) || ('rawCode' in error && error.rawCode);
  if (typeof extended === 'number') return extended & 0xff;
  // libsql reports a file that it cannot open in words alone, with the code at their end.
  const inWords = /^ConnectionFailed\(.*: (\d+)"\)$/s.exec(error.message)?.[1];
  return inWords === undefined ? undefined : Number(inWords) & 0xff;
}

function explain(error: unknown, code: number | undefined, path: string): unknown {
  const options = { cause: error };
  switch (code) {
    case BUSY:
    case LOCKED:
      return new MailStoreError('journalBusy', { path, ms: 0 }, options);
    case FULL:
      return new MailStoreError('journalFull', { path }, options);
    case PERM:
    case READONLY:
    case CANTOPEN:
      return new MailStoreError('journalNotWritable', { path, reason: firstLine(error) }, options);
    case CORRUPT:
    case NOTADB:
      return new MailStoreError('journalBroken', { path, reason: firstLine(error) }, options);
    case IOERR:
      return new MailStoreError('journalUnusable', { path, reason: firstLine(error) }, options);
    default:
      return error;
  }
}

/** Creates what is missing. The folder of others is left as it is; the file is closed to everyone but its owner in any folder. */
function createForOwner(path: string): void {
  const folder = dirname(path);
  try {
    makeFolder(folder);
    createFile(path);
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw explainFileError(error, path);
  }
}

/**
 * SQLite follows links: who places one chooses the file that is read and written. Throws MailStoreError `notPrivate` for one, and `journalBroken` for a
 * folder in the place of the file.
 */
function refuseOthers(path: string): void {
  for (const file of [path, `${path}-journal`]) {
    const found = lookAt(file);
    if (found?.isSymbolicLink()) {
      throw new MailStoreError('notPrivate', { what: 'the journal', path: file, problem: 'is a symbolic link', cure: `rm '${file}'` });
    }
    if (found?.isDirectory()) throw new MailStoreError('journalBroken', { path: file, reason: 'it is a folder' });
  }
}

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    // What cannot be looked at is reported by what opens it.
    return undefined;
  }
}

/**
 * An existing file is not even opened: closing it again would drop the locks that a connection of this process may hold on it.
 * SQLite gives its own files next to this one the same mode.
 */
function createFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if (readErrno(error) !== 'EEXIST') throw error;
  }
}

function explainFileError(error: unknown, path: string): MailStoreError {
  const code = readErrno(error);
  const options = { cause: error };
  if (code === 'ENOSPC' || code === 'EDQUOT') return new MailStoreError('journalFull', { path }, options);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    return new MailStoreError('journalNotWritable', { path, reason: code }, options);
  }
  return new MailStoreError('journalUnusable', { path, reason: code ?? firstLine(error) }, options);
}

/** libsql aborts the process over a value of a kind that it does not know. */
function checkParams(params: readonly unknown[]): void {
  for (const value of params) {
    const isKnown = value === null || typeof value === 'string' || typeof value === 'number' || value instanceof Uint8Array;
    if (!isKnown) throw new TypeError(`a ${typeof value} cannot be bound to a statement`);
  }
}

/** libsql returns a BLOB as ArrayBuffer, node:sqlite as Uint8Array. */
function withBytes(row: SqlRow): SqlRow {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof ArrayBuffer ? new Uint8Array(value) : value]),
  );
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n', 1)[0] ?? '';
}
