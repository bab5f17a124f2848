import { readlinkSync } from 'node:fs';

/** The names that every runtime writes alike; others are left to `machineTimeZone`. */
const ZONE_FILE =
  /\/zoneinfo\/((?:Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Europe|Indian|Pacific)\/[\w+/-]+|(?:Etc\/)?UTC)$/;

/**
 * Returns the IANA name of the machine's time zone where a link says it, as on most POSIX systems: the name that `machineTimeZone` returns, for
 * which each start would load the tables of ICU, a tenth of its time. Undefined where TZ or no such link decides.
 */
export function readLinkedTimeZone(env: NodeJS.ProcessEnv = process.env, link = '/etc/localtime'): string | undefined {
  if (env['TZ'] || process.platform === 'win32') return undefined;
  try {
    return ZONE_FILE.exec(readlinkSync(link))?.[1]?.replace('Etc/', '');
  } catch {
    return undefined;
  }
}
