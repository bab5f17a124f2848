import { setImmediate as breathe } from 'node:timers/promises';
import { renderCsv } from '../base/csv.ts';
import { excerpt } from '../base/errors.ts';
import { isRow } from '../base/rows.ts';
import { fromWallClock } from '../base/zoned-time.ts';
import { readBackwards, type AuditLine } from '../audit/read-audit.ts';
import type { RecordEntry, RecordFilter, RecordQuery } from './protocol.ts';

/** Lines that one search looks at. */
const MAX_LINES = 100_000;

/** Lines after which other requests get their turn. */
const LINES_AT_ONCE = 2000;

const ARGUMENTS_LENGTH = 400;
const DAY_MS = 86_400_000;

export interface FoundLines {
  /** The newest first. */
  readonly lines: readonly AuditLine[];
  readonly hasMore: boolean;
  readonly gaveUpAfter?: number;
}

/** Returns the newest lines of the audit that fit a query. */
export async function findLines(folder: string, query: RecordQuery, timeZone: string): Promise<FoundLines> {
  const fits = makeFilter(query, timeZone);
  const lines: AuditLine[] = [];
  let seen = 0;
  for (const line of readBackwards(folder)) {
    seen += 1;
    if (seen > MAX_LINES) return { lines, hasMore: true, gaveUpAfter: MAX_LINES };
    if (seen % LINES_AT_ONCE === 0) await breathe();
    if (!fits(line)) continue;
    if (lines.length === query.limit) return { lines, hasMore: true };
    lines.push(line);
  }
  return { lines, hasMore: false };
}

const SHOWN: Readonly<Record<RecordFilter, (line: AuditLine) => boolean>> = {
  everything: () => true,
  notable: ({ effect, decision, outcome, event }) =>
    event === undefined ? effect !== 'read' || decision !== 'allow' || outcome === 'failed' : event !== 'opened',
  changes: ({ change, effect, decision, event }) =>
    event === undefined && (change !== undefined || (effect !== 'read' && decision !== 'refuse')),
  questions: ({ consent, event }) => consent !== undefined || String(event).startsWith('approval_'),
  refused: ({ decision, event, consent }) =>
    decision === 'refuse' || event === 'approval_refused' || (isRow(consent) && consent['answer'] !== 'accepted'),
  failed: ({ outcome, error }) => outcome === 'failed' || outcome === 'unknown' || error !== undefined,
};

/** Returns a test of a line against the whole query. */
export function makeFilter({ show, text = '', since, until }: RecordQuery, timeZone: string): (line: AuditLine) => boolean {
  const wanted = text.trim().toLowerCase();
  const from = since === undefined ? -Infinity : startOfDay(since, timeZone);
  const to = until === undefined ? Infinity : startOfDay(nextDay(until), timeZone);
  return (line) => {
    if (since !== undefined || until !== undefined) {
      const time = typeof line['time'] === 'string' ? Date.parse(line['time']) : Number.NaN;
      if (!(time >= from && time < to)) return false;
    }
    return SHOWN[show](line) && (wanted === '' || JSON.stringify(line).toLowerCase().includes(wanted));
  };
}

function startOfDay(day: string, timeZone: string): number {
  return fromWallClock(`${day}T00:00:00`, timeZone) ?? Date.parse(`${day}T00:00:00Z`);
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10);
}

/** Returns a line as it is shown. It comes from the disk and may have any shape. */
export function describeLine(line: AuditLine): Omit<RecordEntry, 'change'> {
  const { time, event, unreadable, decidedBy, tool, prompt, command, consent, reason, error, task, target, effect, decision, outcome } =
    line;
  const base = {
    id: `${writeValue(line['chain'])}:${writeValue(line['number'])}`,
    line: JSON.stringify(line, null, 2),
    ...(typeof time === 'string' && !Number.isNaN(Date.parse(time)) && { time }),
    ...(typeof target === 'string' && { target }),
  };
  if (unreadable !== undefined)
    return { ...base, kind: 'record', who: '', what: 'A line that cannot be read', details: excerpt(writeValue(unreadable)) };
  if (isRow(decidedBy)) {
    const place = decidedBy['terminal'] === null ? 'no terminal' : writeValue(decidedBy['terminal']);
    return {
      ...base,
      kind: 'decision',
      who: `${writeValue(decidedBy['user'])} at ${place}`,
      what: event === 'approval_granted' ? 'Granted' : 'Refused',
      details: `${writeValue(tool)}: ${writeValue(prompt).split('\n')[0] ?? ''}`,
    };
  }
  if (event !== undefined) return { ...base, kind: 'record', who: 'the audit itself', what: writeValue(event), details: '' };
  const args = line['arguments'];
  return {
    ...base,
    kind: 'call',
    who: describeClient(line['client']),
    what: writeValue(command),
    details: [
      isRow(args) && Object.keys(args).length === 0 ? '' : excerpt(writeValue(args), ARGUMENTS_LENGTH),
      isRow(consent)
        ? `${writeValue(consent['answer']).replaceAll('_', ' ')} (${writeValue(consent['channel']).replaceAll('_', ' ')})`
        : '',
      task === undefined ? '' : `task ${writeValue(task)}`,
      excerpt(writeValue(reason)),
      excerpt(writeValue(error)),
    ]
      .filter((part) => part !== '')
      .join(' · '),
    ...(typeof effect === 'string' && { effect }),
    ...(typeof decision === 'string' && { decision }),
    ...(typeof outcome === 'string' && { outcome }),
  };
}

function describeClient(client: unknown): string {
  return isRow(client) ? `${writeValue(client['claimed'])} (claimed)` : writeValue(client);
}

function writeValue(value: unknown): string {
  if (value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const CSV_COLUMNS = [
  'time',
  'chain',
  'number',
  'client',
  'origin',
  'target',
  'user',
  'command',
  'arguments',
  'effect',
  'risks',
  'decision',
  'consent',
  'reason',
  'outcome',
  'error',
  'task',
  'change',
  'event',
  'tool',
  'approvalId',
  'prompt',
  'decidedBy',
  'unreadable',
] as const;

/** The head of an export as CSV. */
export const CSV_HEAD = renderCsv([], CSV_COLUMNS);

/** Returns a line of the audit as one row of CSV. What a spreadsheet would take for a formula begins with an apostrophe. */
export function writeCsvRow(line: AuditLine): string {
  return renderCsv([line], CSV_COLUMNS).slice(CSV_HEAD.length);
}
