import { expect, test } from 'vitest';
import { terminalCommand } from '../../src/cli/terminal-command.ts';
import { defaultStateDir } from '../../src/config/state-dir.ts';

test('a person is told a command that their terminal finds, also where npx has started this program', () => {
  const cached = String.raw`C:\Users\you\AppData\Local\npm-cache\_npx\5f2\node_modules\mailstore-mcp\dist\mailstore-mcp.cjs`;
  const told = (program: string, stateDir = defaultStateDir()) => terminalCommand('approve x69tpx97', stateDir, program);
  expect([
    told(cached),
    told('/home/you/.npm/_npx/5f2/node_modules/.bin/mailstore-mcp', '/srv/state'),
    told('/usr/local/bin/mailstore-mcp'),
    told('/usr/local/bin/mailstore-mcp', '/srv/state'),
  ]).toEqual([
    'npx mailstore-mcp approve x69tpx97',
    'npx mailstore-mcp approve x69tpx97 --state-dir "/srv/state"',
    'mailstore-mcp approve x69tpx97',
    'mailstore-mcp approve x69tpx97 --state-dir "/srv/state"',
  ]);
});
