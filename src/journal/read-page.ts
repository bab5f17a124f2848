import type { PageRequest } from './page.ts';
import { writeConditions, writeOrder, type FieldColumns } from './sqlite-page.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

/** How one list is read. */
export interface PageSource {
  /** The table, which is also its name in `row_counts`. */
  readonly table: 'tasks' | 'changes';
  readonly columns: string;
  /** The condition for a row that contains a text, with one `?` for each time that the text is needed. */
  readonly contains: string;
  /** The columns of the fields by which it can be searched and sorted. */
  readonly fields: FieldColumns;
}

/**
 * Reads one page of a list, the newest rows first unless `sort` is given. Without `match`, `where` and `sort` the cost depends on the length of the page and its offset alone: each archive has
 * its rows in order in an index, and the number of its rows in `row_counts`.
 */
export function readPage<Row extends { readonly number: number }>(
  db: Sqlite,
  { table, columns, contains, fields }: PageSource,
  { limit, before = Number.MAX_SAFE_INTEGER, offset = 0, match, origins, where, sort }: PageRequest,
): { readonly rows: readonly Row[]; readonly total: number; readonly elsewhere: number; readonly next?: number } {
  const wanted = match?.toLowerCase();
  const conditions = writeConditions(fields, { where });
  const isWanted = `${wanted === undefined ? '' : `AND (${contains})`} ${conditions.sql}`;
  const matched =
    wanted === undefined
      ? []
      : contains
          .split('?')
          .slice(1)
          .map(() => wanted);
  const texts: readonly SqlValue[] = [...matched, ...conditions.params];
  const archives = origins && [...new Set(origins)];
  const needed = offset + limit + 1;
  // One look into the index for each archive: with `origin IN (...)` all their rows would be sorted.
  const numbers = archives
    ? archives.map(
        () => `SELECT * FROM (SELECT number FROM ${table} WHERE origin = ? AND number < ? ${isWanted} ORDER BY number DESC LIMIT ?)`,
      )
    : [`SELECT * FROM (SELECT number FROM ${table} WHERE number < ? ${isWanted} ORDER BY number DESC LIMIT ?)`];
  const params = (archives?.map((origin) => [origin]) ?? [[]]).flatMap((origin) => [...origin, before, ...texts, needed]);
  const order = sort && writeOrder(fields, { sort });
  const isHereSql = archives ? `AND origin IN (${archives.map(() => '?').join(', ')})` : '';
  const found = order
    ? db.all<Row>(`SELECT ${columns} FROM ${table} WHERE number < ? ${isHereSql} ${isWanted} ${order.sql} LIMIT ? OFFSET ?`, [
        before,
        ...(archives ?? []),
        ...texts,
        ...order.params,
        limit + 1,
        offset,
      ])
    : numbers.length === 0
      ? []
      : db.all<Row>(
          `SELECT ${columns} FROM ${table} WHERE number IN (${numbers.join(' UNION ALL ')}) ORDER BY number DESC LIMIT ? OFFSET ?`,
          [...params, limit + 1, offset],
        );
  const rows = found.slice(0, limit);
  const next = found.length > limit ? rows.at(-1)?.number : undefined;
  const counts = db.all<{ origin: string; value: number }>('SELECT origin, value FROM row_counts WHERE list = ?', [table]);
  const isHere = (origin: string) => !archives || archives.includes(origin);
  const total =
    texts.length === 0 && conditions.sql === '' ? addUp(counts, isHere) : countMatches(db, { table, isWanted, texts, archives });
  return { rows, total, elsewhere: addUp(counts, (origin) => !isHere(origin)), ...(next !== undefined && { next }) };
}

function addUp(counts: readonly { readonly origin: string; readonly value: number }[], isCounted: (origin: string) => boolean): number {
  return counts.reduce((sum, { origin, value }) => (isCounted(origin) ? sum + value : sum), 0);
}

interface MatchCount {
  readonly table: PageSource['table'];
  readonly isWanted: string;
  readonly texts: readonly SqlValue[];
  readonly archives: readonly string[] | undefined;
}

function countMatches(db: Sqlite, { table, isWanted, texts, archives }: MatchCount): number {
  const isHere = archives ? `AND origin IN (${archives.map(() => '?').join(', ')})` : '';
  const sql = `SELECT count(*) AS value FROM ${table} WHERE number > 0 ${isHere} ${isWanted}`;
  return db.get<{ value: number }>(sql, [...(archives ?? []), ...texts])?.value ?? 0;
}
