import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, startServer } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const isRoot = process.getuid?.() === 0;
const SOMEBODY = 12_345;

/** A state folder, a password file and a configuration that only their owner can use, in a folder of their own. */
function setUp() {
  const folder = temporaryFolder();
  const at = (...names: readonly string[]) => join(folder, ...names);
  mkdirSync(at('my state'), { mode: 0o700 });
  for (const name of ['consent.key', 'audit.jsonl']) writeFileSync(at('my state', name), '', { mode: 0o600 });
  writeFileSync(at('password'), 'Hunter2-x\n', { mode: 0o600 });
  writeFileSync(at('config.json'), JSON.stringify({ url: 'https://127.0.0.1:1', username: 'admin', password: 'Hunter2-x' }), {
    mode: 0o600,
  });
  return {
    at,
    byFile: {
      MAILSTORE_URL: 'https://127.0.0.1:1',
      MAILSTORE_USERNAME: 'admin',
      MAILSTORE_PASSWORD_FILE: at('password'),
      MAILSTORE_STATE_DIR: at('my state'),
    },
    byConfig: { MAILSTORE_CONFIG: at('config.json'), MAILSTORE_STATE_DIR: at('my state') },
  };
}

type Files = ReturnType<typeof setUp>;

const CASES: readonly (readonly [string, (files: Files) => void, string, 'byFile' | 'byConfig'])[] = [
  ['a state folder of the mode 0777', ({ at }) => chmodSync(at('my state'), 0o777), 'can be changed by others (mode 0777)', 'byFile'],
  [
    'a consent key of the mode 0666',
    ({ at }) => chmodSync(at('my state', 'consent.key'), 0o666),
    'can be changed by others (mode 0666)',
    'byFile',
  ],
  ['a consent key that is a link', ({ at }) => link(at('my state', 'consent.key'), at('password')), 'is a symbolic link', 'byFile'],
  ['a password file that all may read', ({ at }) => chmodSync(at('password'), 0o644), 'can be read by others (mode 0644)', 'byFile'],
  [
    'a password file that its group may change',
    ({ at }) => chmodSync(at('password'), 0o620),
    'can be changed by others (mode 0620)',
    'byFile',
  ],
  [
    'a link to such a password file',
    ({ at }) => link(at('password'), at('elsewhere'), 0o644),
    'can be read by others (mode 0644)',
    'byFile',
  ],
  [
    'a configuration with a password that its group may read',
    ({ at }) => chmodSync(at('config.json'), 0o640),
    'can be read by others (mode 0640)',
    'byConfig',
  ],
  ...(isRoot
    ? ([
        [
          'a state folder of somebody else',
          ({ at }: Files) => chownSync(at('my state'), SOMEBODY, SOMEBODY),
          'belongs to the user 12345',
          'byFile',
        ],
        [
          'a password file of somebody else',
          ({ at }: Files) => chownSync(at('password'), SOMEBODY, SOMEBODY),
          'belongs to the user 12345',
          'byFile',
        ],
      ] as const)
    : []),
];

/** Puts a link in the place of a file. */
function link(path: string, to: string, mode?: number): void {
  rmSync(path);
  if (mode !== undefined) {
    writeFileSync(to, 'Hunter2-x\n');
    chmodSync(to, mode);
  }
  symlinkSync(to, path);
}

test.skipIf(process.platform === 'win32').concurrent.each(CASES)(
  'with %s nothing runs, the client receives the cure, and the cure works',
  { timeout: 120_000 },
  async (_what, spoil, problem, by) => {
    const files = setUp();
    spoil(files);
    const env = files[by];
    const server = await startServer({ env });
    const answer = await callTool(server, 'get_server_info', {});
    await server.close();
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain(problem);
    const cure = /cure it with `([^`]+)`/.exec(answer.text)?.[1] ?? '';
    const refused = await runBinary(['call', 'GetServerInfo'], env);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(cure);

    execFileSync('/bin/sh', ['-c', cure.replace(/^sudo /, '')]);
    const cured = await runBinary(['call', 'GetServerInfo'], env);
    // Nothing listens there, so it is the connection that fails now.
    expect(cured.stderr).toContain('refuses connections');
    expect(cured.stderr).not.toContain('cure it with');
  },
);
