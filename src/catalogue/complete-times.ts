import { MailStoreError } from '../base/errors.ts';
import { ianaZone, windowsZone } from '../base/windows-zones.ts';
import { PERIOD_FORMS, readPeriod, type Period } from '../base/period.ts';
import { formatInZone, fromWallClock, isTimeZone, toWallClock } from '../base/zoned-time.ts';
import type { Command, Arguments } from './define-command.ts';
import { fieldTraits, wireType } from './fields.ts';

/** The zone of calls that name none, and the moment that periods such as `last 24 hours` are counted from. */
export interface TimesOfCall {
  /** An IANA name. */
  readonly timeZone: string;
  /** In milliseconds since the Unix epoch. */
  readonly now: number;
}

/** What is open towards the present ends later than now: the clock of the server may be ahead. */
const AHEAD_MS = 24 * 60 * 60_000;

const WITH_OFFSET = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})$/i;

/** Returns the name of the argument that says in which time zone a command reads and writes times; undefined where it has none. */
export function findZoneArgument({ input }: Pick<Command, 'input'>): string | undefined {
  return Object.entries(input).find(([, schema]) => fieldTraits(schema).isTimeZone === true)?.[0];
}

/** Returns the IANA zone that the times of an answer are in where these arguments name one; undefined where they name none that is known. */
export function findAnsweredZone(command: Pick<Command, 'input'>, args: Arguments): string | undefined {
  const zoneArgument = findZoneArgument(command);
  const zone = zoneArgument === undefined ? undefined : args[zoneArgument];
  return typeof zone !== 'string' ? undefined : (ianaZone(zone) ?? (isTimeZone(zone) ? zone : undefined));
}

/**
 * Fills in the time zone of a call that names none, translates an IANA name into the id that Windows has for it, converts a date with an offset into
 * clock time of that zone, and puts the bounds of a window in the place of `since` and `until`. Throws MailStoreError `invalidArguments` for a date
 * with an offset or a period where the zone is not known here, for a text that is no period, and for a window without a beginning.
 */
export function completeTimes(tool: string, command: Pick<Command, 'input'>, args: Arguments, { timeZone, now }: TimesOfCall): Arguments {
  const zoneArgument = findZoneArgument(command);
  if (zoneArgument === undefined) return args;
  const given = args[zoneArgument] ?? windowsZone(timeZone) ?? 'UTC';
  const zone = typeof given === 'string' && ianaZone(given) === undefined && isTimeZone(given) ? (windowsZone(given) ?? given) : given;
  const iana = typeof zone === 'string' ? ianaZone(zone) : undefined;
  const read = (name: string, value: string) => {
    if (iana === undefined) {
      const problem = `${name} cannot be converted for ${zoneArgument} ${JSON.stringify(zone)}; give the time zone by its id from get_time_zones`;
      throw new MailStoreError('invalidArguments', { tool, problems: [problem] });
    }
    const period = readPeriod(value, now, iana);
    return period && { period, toClock: (time: number) => toWallClock(time, iana) };
  };
  const dated = Object.entries(args).map(([name, value]): [string, unknown] => {
    const schema = command.input[name];
    if (typeof value !== 'string' || !schema || wireType(schema) !== 'datetime' || !WITH_OFFSET.test(value.trim())) return [name, value];
    const instant = read(name, value);
    return [name, instant ? instant.toClock(instant.period.start) : value];
  });
  return { ...completeWindow(tool, command, Object.fromEntries(dated), read, now), [zoneArgument]: zone };
}

/**
 * Returns from when until when a completed call asks for a history, with the offsets of `timeZone`, an IANA name; undefined for any other call. A window
 * that ends after now is open.
 */
export function describeWindow(command: Pick<Command, 'input'>, args: Arguments, { timeZone, now }: TimesOfCall): string | undefined {
  const zone = findAnsweredZone(command, args);
  const find = (bound: 'since' | 'until') => {
    const name = Object.entries(command.input).find(([, schema]) => fieldTraits(schema).bounds === bound)?.[0];
    const value = name === undefined ? undefined : args[name];
    return typeof value === 'string' && zone !== undefined ? fromWallClock(value, zone) : undefined;
  };
  const [since, until] = [find('since'), find('until')];
  if (since === undefined) return undefined;
  return `since ${formatInZone(since, timeZone)}${until === undefined || until > now ? '' : ` until ${formatInZone(until, timeZone)}`}`;
}

type ReadPeriod = (name: string, value: string) => { readonly period: Period; readonly toClock: (time: number) => string } | undefined;

function completeWindow(tool: string, { input }: Pick<Command, 'input'>, args: Arguments, read: ReadPeriod, now: number): Arguments {
  const find = (bound: 'since' | 'until') => Object.entries(input).find(([, schema]) => fieldTraits(schema).bounds === bound)?.[0];
  const [from, to] = [find('since'), find('until')];
  if (from === undefined || to === undefined) return args;
  const { since, until, ...rest } = args;
  const problems = [
    ...(since !== undefined && args[from] !== undefined ? [`since and ${from} say the same; give one of them`] : []),
    ...(until !== undefined && args[to] !== undefined ? [`until and ${to} say the same; give one of them`] : []),
    ...(since === undefined && args[from] === undefined ? [`since is missing; give it as ${PERIOD_FORMS}`] : []),
  ];
  const toPeriod = (name: string, value: unknown) => {
    const found = typeof value === 'string' ? read(name, value) : undefined;
    if (value !== undefined && !found) problems.push(`${name} is ${JSON.stringify(value)}; write it as ${PERIOD_FORMS}`);
    return found;
  };
  const [begin, end] = [toPeriod('since', since), toPeriod('until', until)];
  if (begin && end && begin.period.start >= (end.period.end ?? Infinity))
    problems.push(`until (${JSON.stringify(until)}) ends before since (${JSON.stringify(since)}) begins`);
  if (problems.length > 0) throw new MailStoreError('invalidArguments', { tool, problems });
  const open = now + AHEAD_MS;
  return {
    ...rest,
    ...(begin && { [from]: begin.toClock(begin.period.start) }),
    ...(args[to] === undefined && { [to]: (end ?? begin ?? read('until', 'now'))?.toClock(end?.period.end ?? open) }),
  };
}
