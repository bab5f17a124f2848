import { MailStoreError } from '../base/errors.ts';
import type { Sqlite } from './sqlite.ts';

/** Returns the triggers that count the rows of a table by origin. */
const countRows = (table: 'tasks' | 'changes', noun: string) => `
  CREATE TRIGGER ${noun}_added AFTER INSERT ON ${table} BEGIN
    INSERT OR IGNORE INTO row_counts (list, origin, value) VALUES ('${table}', NEW.origin, 0);
    UPDATE row_counts SET value = value + 1 WHERE list = '${table}' AND origin = NEW.origin;
  END;
  CREATE TRIGGER ${noun}_removed AFTER DELETE ON ${table} BEGIN
    UPDATE row_counts SET value = value - 1 WHERE list = '${table}' AND origin = OLD.origin;
  END;
`;

/**
 * The steps that make the file what this version expects; the file's `user_version` counts those it has had. A step that was released is
 * never changed: what comes later is one more entry.
 *
 * Texts that come from the server or are written by people are stored as JSON: engines cut plain text at a NUL character.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    task_id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    command TEXT NOT NULL,
    target TEXT NOT NULL,
    origin TEXT NOT NULL,
    arguments_key TEXT NOT NULL,
    arguments_masked TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('starting', 'running', 'succeeded', 'failed', 'cancelled', 'unknown')),
    run TEXT,
    dialect TEXT,
    version INTEGER NOT NULL DEFAULT 0,
    percent REAL,
    status_text TEXT,
    messages TEXT NOT NULL DEFAULT '[]',
    result TEXT,
    error TEXT,
    drift TEXT,
    finding TEXT,
    progress_at INTEGER,
    search TEXT NOT NULL,
    note TEXT,
    reason TEXT,
    evidence TEXT NOT NULL DEFAULT '[]',
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    cancel_asked_at INTEGER,
    epoch INTEGER NOT NULL,
    holder TEXT,
    heartbeat_at INTEGER,
    poll_mark TEXT,
    lost_poll TEXT,
    end_teller TEXT,
    CHECK ((ended_at IS NULL) = (status IN ('starting', 'running')))
  ) STRICT;
  CREATE UNIQUE INDEX one_active_task_per_call ON tasks (origin, iif(origin = '', target, ''), command, arguments_key)
    WHERE status IN ('starting', 'running');
  CREATE INDEX tasks_by_origin ON tasks (origin, number);
  CREATE INDEX tasks_by_revision ON tasks (revision);
  CREATE INDEX active_tasks ON tasks (number) WHERE status IN ('starting', 'running');
  CREATE INDEX unknown_tasks ON tasks (number) WHERE status = 'unknown';
  CREATE INDEX ends_to_tell ON tasks (number) WHERE end_teller IS NOT NULL;

  CREATE TABLE raw_ends (
    raw_end_id INTEGER PRIMARY KEY AUTOINCREMENT,
    task_number INTEGER NOT NULL REFERENCES tasks (number) ON DELETE CASCADE,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    encoding TEXT,
    body BLOB NOT NULL,
    stored_at INTEGER NOT NULL,
    unreadable_because TEXT
  ) STRICT;
  CREATE INDEX raw_ends_by_task ON raw_ends (task_number);

  CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO counters (name, value) VALUES ('tasks', 0);

  CREATE TABLE row_counts (list TEXT NOT NULL, origin TEXT NOT NULL, value INTEGER NOT NULL, PRIMARY KEY (list, origin)) STRICT, WITHOUT ROWID;
  ${countRows('tasks', 'task')}
  `,
  `
  CREATE TABLE approvals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    approval_id TEXT NOT NULL UNIQUE,
    tool TEXT NOT NULL,
    target TEXT NOT NULL,
    arguments_key TEXT NOT NULL,
    prompt_key TEXT NOT NULL,
    prompt TEXT NOT NULL,
    label TEXT NOT NULL,
    confirmation_text TEXT,
    state TEXT NOT NULL CHECK (state IN ('pending', 'granted', 'refused', 'used', 'expired', 'void')),
    requested_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX one_pending_approval_per_call ON approvals (target, tool, arguments_key) WHERE state = 'pending';
  CREATE INDEX open_approvals ON approvals (state) WHERE state IN ('pending', 'granted');

  CREATE TABLE refusals (tool TEXT NOT NULL, target TEXT NOT NULL, refused_at INTEGER NOT NULL) STRICT;
  CREATE INDEX refusals_by_kind ON refusals (tool, target, refused_at);

  CREATE TABLE nonces (nonce TEXT PRIMARY KEY, expires_at INTEGER NOT NULL) STRICT;
  CREATE INDEX nonces_by_expiry ON nonces (expires_at);
  INSERT INTO counters (name, value) VALUES ('nonces_cleared_until', 0);

  CREATE TABLE changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    command TEXT NOT NULL,
    target TEXT NOT NULL,
    origin TEXT NOT NULL,
    login TEXT NOT NULL,
    arguments_masked TEXT NOT NULL,
    before TEXT NOT NULL,
    after TEXT NOT NULL,
    after_unread_because TEXT,
    inverse TEXT,
    summary TEXT NOT NULL,
    changed_at INTEGER NOT NULL,
    reverted_by INTEGER REFERENCES changes (number) CHECK (reverted_by > number),
    run_task TEXT,
    run_before_is_exact INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE UNIQUE INDEX changes_by_run ON changes (run_task) WHERE run_task IS NOT NULL;
  CREATE INDEX changes_by_origin ON changes (origin, number);
  ${countRows('changes', 'change')}

  CREATE TABLE audit_chains (
    chain TEXT PRIMARY KEY,
    number INTEGER NOT NULL,
    hash TEXT NOT NULL,
    file TEXT NOT NULL DEFAULT '',
    process TEXT NOT NULL,
    named INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX unnamed_audit_heads ON audit_chains (chain) WHERE named < number;

  CREATE TABLE audit_record (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    journal TEXT NOT NULL,
    first_file INTEGER NOT NULL DEFAULT 1,
    restarted_by TEXT,
    ino TEXT,
    size INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  INSERT INTO audit_record (only, journal) VALUES (1, lower(hex(randomblob(8))));
  `,
];

/** Throws MailStoreError `journalNewer` when the file was written by a version with more steps than this one. Writes nothing. */
export function refuseNewer(db: Sqlite, path: string, migrations: readonly string[] = MIGRATIONS): void {
  const found = schemaVersion(db);
  if (found > migrations.length) throw new MailStoreError('journalNewer', { path, found, known: migrations.length });
}

/** Throws MailStoreError `journalBroken` for a database of another program. Writes nothing. */
export function refuseForeign(db: Sqlite, path: string): void {
  if (schemaVersion(db) === 0 && hasTables(db))
    throw new MailStoreError('journalBroken', { path, reason: 'it has tables of another program' });
}

/**
 * Throws MailStoreError `journalBroken` when the file lacks what this version reads, such as one that was emptied. A file that is opened to be written
 * is brought to the newest schema instead.
 */
export function refuseOlder(db: Sqlite, path: string): void {
  if (schemaVersion(db) >= MIGRATIONS.length) return;
  throw new MailStoreError('journalBroken', { path, reason: hasTables(db) ? 'it lacks tables of this version' : 'it is empty' });
}

function hasTables(db: Sqlite): boolean {
  // A count of the changes to the schema: a read of the schema itself would leave a statement open in libsql.
  return (db.get<{ schema_version: number }>('PRAGMA schema_version')?.schema_version ?? 0) > 0;
}

/** Brings the file to the newest schema, whole or not at all; of several processes that start at once one does it and the others wait. */
export function migrate(db: Sqlite, path: string, migrations: readonly string[] = MIGRATIONS): void {
  if (schemaVersion(db) === migrations.length) return;
  db.transaction(() => {
    // Another process may have been here between the look above and the lock.
    refuseNewer(db, path, migrations);
    for (const step of migrations.slice(schemaVersion(db))) db.exec(step);
    db.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}

function schemaVersion(db: Sqlite): number {
  return db.get<{ user_version: number }>('PRAGMA user_version')?.user_version ?? 0;
}
