import { json } from './columns.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

/** What a journal got from the one whose place it took. */
export interface TakenAlong {
  /** How many tasks that run, or whose end has still to be reported, are in it now. */
  readonly tasks: number;
  /** Why nothing could be taken from the journal before; its tasks are in that file alone. */
  readonly lost?: string;
}

type TakenRow = Readonly<Record<string, SqlValue>>;

const IS_OPEN = `status IN ('starting', 'running') OR end_teller IS NOT NULL
  OR (status = 'unknown' AND EXISTS (SELECT 1 FROM raw_ends WHERE task_number = tasks.number AND unreadable_because IS NULL))`;

/** Counters that must not go back: by them readers wait for news, and used nonces stay used. */
const COUNTERS_KEPT = `('tasks', 'nonces_cleared_until')`;

/**
 * Writes into `now` what must not end with the file `before`, which was moved or deleted while it was open: tasks that run, answers that wait to be
 * read, ends to report, used nonces, refusals, and the numbers given so far. Approvals stay behind: a person gives them again. Both files have the same schema.
 * Without `before`, nothing is left of it.
 */
export function takeAlong(before: Sqlite | undefined, now: Sqlite): TakenAlong {
  if (!before) return { tasks: 0, lost: 'the file was emptied' };
  // While this transaction is open, no process has a rollback journal with the name that both files share, which `before` would take for its own.
  return now.transaction(() => {
    const kept = readKept(before, now);
    if ('lost' in kept) return { tasks: 0, lost: kept.lost };
    for (const { name, value } of kept.counters) {
      now.run('UPDATE counters SET value = max(value, ?) WHERE name = ?', [value ?? 0, name ?? '']);
    }
    for (const { name, seq } of kept.numbers) {
      const changed = now.run('UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = ?', [seq ?? 0, name ?? '']);
      if (changed === 0) now.run('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', [name ?? '', seq ?? 0]);
    }
    for (const nonce of kept.nonces) insert(now, 'nonces', nonce);
    for (const { tool, target, refused_at: at } of kept.refusals) {
      const refusal: readonly SqlValue[] = [tool ?? '', target ?? '', at ?? 0];
      const isThere = 'SELECT 1 FROM refusals WHERE tool = ? AND target = ? AND refused_at = ?';
      if (!now.get(isThere, refusal)) now.run('INSERT INTO refusals (tool, target, refused_at) VALUES (?, ?, ?)', refusal);
    }
    let tasks = 0;
    for (const { task, rawEnds } of kept.tasks) if (putTask(now, task, rawEnds)) tasks += 1;
    return { tasks };
  });
}

function readKept(before: Sqlite, now: Sqlite) {
  try {
    // A process that keeps the moved file locked is not waited for.
    before.exec('PRAGMA busy_timeout = 0');
    const running = now.all<{ task_id: string }>(`SELECT task_id FROM tasks WHERE status IN ('starting', 'running')`);
    const ids = json(running.map(({ task_id: id }) => id));
    const rows = before.all<TakenRow>(
      `SELECT * FROM tasks WHERE ${IS_OPEN} OR task_id IN (SELECT value FROM json_each(?)) ORDER BY number`,
      [ids],
    );
    return {
      counters: before.all<TakenRow>(`SELECT name, value FROM counters WHERE name IN ${COUNTERS_KEPT}`),
      numbers: before.all<TakenRow>('SELECT name, seq FROM sqlite_sequence'),
      nonces: before.all<TakenRow>('SELECT * FROM nonces'),
      refusals: before.all<TakenRow>('SELECT tool, target, refused_at FROM refusals'),
      tasks: rows.map((task) => ({
        task,
        rawEnds: before.all<TakenRow>('SELECT * FROM raw_ends WHERE task_number = ? ORDER BY raw_end_id', [task['number'] ?? 0]),
      })),
    };
  } catch (error) {
    return { lost: error instanceof Error ? error.message : String(error) };
  }
}

/** Adds the task, or brings the same one up to date where an older copy of the journal has the place; false where neither was needed. */
function putTask(now: Sqlite, { number: _number, ...task }: TakenRow, rawEnds: readonly TakenRow[]): boolean {
  const id = task['task_id'] ?? '';
  const found = now.get<{ number: number }>('SELECT number FROM tasks WHERE task_id = ?', [id])?.number;
  if (found === undefined) {
    if (insert(now, 'tasks', task) === 0) return false;
  } else {
    const columns = Object.keys(task).map((name) => `${name} = ?`);
    const changed = now.run(`UPDATE OR IGNORE tasks SET ${columns.join(', ')} WHERE number = ? AND revision < ?`, [
      ...Object.values(task),
      found,
      task['revision'] ?? 0,
    ]);
    if (changed === 0) return false;
  }
  const number = now.get<{ number: number }>('SELECT number FROM tasks WHERE task_id = ?', [id])?.number ?? 0;
  for (const { raw_end_id: _id, ...rawEnd } of rawEnds) {
    const same = 'SELECT 1 FROM raw_ends WHERE task_number = ? AND body = ?';
    if (!now.get(same, [number, rawEnd['body'] ?? null])) insert(now, 'raw_ends', { ...rawEnd, task_number: number });
  }
  return true;
}

/** Returns 0 where the row, or another one in its place, is there. */
function insert(db: Sqlite, table: string, row: TakenRow): number {
  const names = Object.keys(row);
  const sql = `INSERT OR IGNORE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`;
  return db.run(sql, Object.values(row));
}
