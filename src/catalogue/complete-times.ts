import { MailStoreError } from '../base/errors.ts';
import { ianaZone, windowsZone } from '../base/windows-zones.ts';
import { isTimeZone, toWallClock } from '../base/zoned-time.ts';
import type { Command } from './define-command.ts';
import { fieldTraits, wireType } from './fields.ts';

type Arguments = Readonly<Record<string, unknown>>;

const WITH_OFFSET = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})$/i;

/** Returns the name of the argument that says in which time zone a command reads and writes times; undefined where it has none. */
export function findZoneArgument({ input }: Pick<Command, 'input'>): string | undefined {
  return Object.entries(input).find(([, schema]) => fieldTraits(schema).isTimeZone === true)?.[0];
}

/**
 * Fills in the time zone of a call that names none, translates an IANA name into the id that Windows has for it, and converts a date with an
 * offset into clock time of that zone. Throws MailStoreError `invalidArguments` for a date with an offset where the zone is not known here.
 */
export function completeTimes(tool: string, command: Pick<Command, 'input'>, args: Arguments, timeZone: string): Arguments {
  const zoneArgument = findZoneArgument(command);
  if (zoneArgument === undefined) return args;
  const given = args[zoneArgument] ?? windowsZone(timeZone) ?? 'UTC';
  const zone = typeof given === 'string' && ianaZone(given) === undefined && isTimeZone(given) ? (windowsZone(given) ?? given) : given;
  const iana = typeof zone === 'string' ? ianaZone(zone) : undefined;
  const converted = Object.entries(args).map(([name, value]): [string, unknown] => {
    const schema = command.input[name];
    if (typeof value !== 'string' || !schema || wireType(schema) !== 'datetime') return [name, value];
    const time = readInstant(value);
    if (time === undefined) return [name, value];
    if (iana !== undefined) return [name, toWallClock(time, iana)];
    const problem = `${name} has an offset, which cannot be converted for ${zoneArgument} ${JSON.stringify(zone)}; give the time zone by its id from get_time_zones`;
    throw new MailStoreError('invalidArguments', { tool, problems: [problem] });
  });
  return { ...Object.fromEntries(converted), [zoneArgument]: zone };
}

function readInstant(text: string): number | undefined {
  const [, date, minutes, seconds = ':00', offset = ''] = WITH_OFFSET.exec(text.trim()) ?? [];
  if (date === undefined) return undefined;
  const time = Date.parse(`${date}T${minutes}${seconds}${offset.toUpperCase().replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')}`);
  return Number.isNaN(time) ? undefined : time;
}
