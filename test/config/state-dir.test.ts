import { homedir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultStateDir } from '../../src/config/state-dir.ts';

const HOME = homedir();
const LOCAL = join('C:', 'Users', 'jo', 'AppData', 'Local');

test.each<[NodeJS.Platform, Readonly<Record<string, string>>, string]>([
  ['linux', {}, join(HOME, '.local', 'state', 'mailstore-mcp')],
  ['linux', { XDG_STATE_HOME: '/data/state' }, join('/data/state', 'mailstore-mcp')],
  ['linux', { XDG_STATE_HOME: '' }, join(HOME, '.local', 'state', 'mailstore-mcp')],
  ['linux', { LOCALAPPDATA: LOCAL }, join(HOME, '.local', 'state', 'mailstore-mcp')],
  ['freebsd', {}, join(HOME, '.local', 'state', 'mailstore-mcp')],
  ['darwin', { XDG_STATE_HOME: '/data/state' }, join(HOME, 'Library', 'Application Support', 'mailstore-mcp')],
  ['win32', { LOCALAPPDATA: LOCAL }, join(LOCAL, 'mailstore-mcp')],
  ['win32', { LOCALAPPDATA: '' }, join(HOME, 'AppData', 'Local', 'mailstore-mcp')],
  ['win32', {}, join(HOME, 'AppData', 'Local', 'mailstore-mcp')],
])('on %s with %j, state is kept in %s', (platform, env, folder) => {
  expect(defaultStateDir(env, platform)).toBe(folder);
});
