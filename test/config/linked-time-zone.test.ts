import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readLinkedTimeZone } from '../../src/config/linked-time-zone.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test.skipIf(process.platform === 'win32').each([
  ['/usr/share/zoneinfo/Europe/Berlin', 'Europe/Berlin'],
  ['../usr/share/zoneinfo/America/Argentina/Buenos_Aires', 'America/Argentina/Buenos_Aires'],
  ['/var/db/timezone/zoneinfo/Asia/Tokyo', 'Asia/Tokyo'],
  ['/usr/share/zoneinfo/Etc/UTC', 'UTC'],
  ['/usr/share/zoneinfo/UTC', 'UTC'],
  ['/usr/share/zoneinfo/Etc/GMT+5', undefined],
  ['/usr/share/zoneinfo/US/Eastern', undefined],
  ['/etc/zone', undefined],
])('the machine’s time zone is read from its link: %s is %s', (target, zone) => {
  const link = join(temporaryFolder(), 'localtime');
  symlinkSync(target, link);
  expect(readLinkedTimeZone({}, link)).toBe(zone);
});

test('a machine without a link, and one whose zone TZ sets, leave the time zone to the runtime', () => {
  expect(readLinkedTimeZone({}, join(temporaryFolder(), 'localtime'))).toBeUndefined();
  expect(readLinkedTimeZone({ TZ: 'Asia/Tokyo' })).toBeUndefined();
});
