import { drifts } from './drifting.ts';
import { excerpt } from '../base/errors.ts';
import { isRow, readRow, readRows, readString } from '../base/rows.ts';
import { formatCount } from './phrases.ts';

/**
 * Returns retention policies in words, such as `"Default" (3,650 days, then deleted)`, and what is in another form as it is; undefined where
 * nothing is known of them.
 */
export function policiesInWords(value: unknown): string | undefined {
  if (value === undefined || (isRow(value) && Object.keys(value).length === 0)) return undefined;
  const { policies } = readRow(value);
  if (!Array.isArray(policies)) return describeUnknown(policies === undefined ? value : policies);
  if (policies.length === 0) return 'none';
  const said = policies.map((policy: unknown) => {
    if (!isRow(policy)) return describeUnknown(policy);
    const { name, keepDays, deleteMessages } = policy;
    const days = formatCount(keepDays, 'day');
    const end = typeof deleteMessages === 'boolean' ? `then ${deleteMessages ? 'deleted' : 'not deleted'}` : undefined;
    const terms = [days, end].filter((term) => term !== undefined).join(', ');
    const called = readString(name);
    return `${called === undefined ? 'one without a name' : `"${called}"`}${terms && ` (${terms})`}`;
  });
  return said.join(', ');
}

function describeUnknown(value: unknown): string {
  return `in a form that is not known (${excerpt(JSON.stringify(value) ?? '')})`;
}

/** Returns the jobs that are switched on and run a command, such as `job 2 "Retention" (next at 2026-03-05 02:00 UTC)`; undefined without any. */
export function jobsInWords(jobs: unknown, command: string): string | undefined {
  const said = readRows(jobs)
    .filter(
      ({ action, enabled }) => enabled === true && readString(action)?.trim().split(' ', 1)[0]?.toLowerCase() === command.toLowerCase(),
    )
    .map(({ id, name, nextStartDateTimeUtc }) => {
      const next = readString(nextStartDateTimeUtc)?.slice(0, 16).replace('T', ' ');
      const called = readString(name);
      return `job ${String(id)}${called === undefined ? '' : ` "${called}"`}${next === undefined ? '' : drifts(` (next at ${next} UTC)`)}`;
    });
  return said.length === 0 ? undefined : said.join(', ');
}
