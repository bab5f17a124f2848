import { spawnSync } from 'node:child_process';
import { cpSync, renameSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

describe('mailstore-mcp', () => {
  // Where Node brings its own SQLite, there is always an engine.
  test.skipIf(isBuiltin('node:sqlite'))('says at its start that no SQLite is there, and what to do', () => {
    const folder = temporaryFolder();
    cpSync(DIST, folder, { recursive: true });
    const { NODE_PATH: _nodePath, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'mailstore-mcp.cjs'), '--sandbox'], {
      env,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      `mailstore-mcp: Tasks cannot be kept, because no SQLite loads (node:sqlite: Node ${process.versions.node} does not have it; libsql: Cannot find module 'libsql'). Run with Node 22.13 or later, or install the package libsql next to mailstore-mcp. To check every setting, run \`${process.execPath} ${join(folder, 'mailstore-mcp.cjs')} doctor\` in a terminal.\n`,
    );
  });
});

describe('a record that cannot be opened', () => {
  test('is said in answer to each call, and opened by the first one after it was moved away', async () => {
    const sandbox = await sandboxForTest();
    const folder = temporaryFolder();
    const journal = join(folder, 'journal.sqlite');
    writeFileSync(journal, 'This is no database, and long enough to be seen as none.'.repeat(100));
    const server = untilTestEnds(await startServer({ sandbox, env: { MAILSTORE_STATE_DIR: folder } }));
    for (const _ of ['first', 'second']) {
      const { isError, text } = await callTool(server, 'get_server_info');
      expect(isError).toBe(true);
      expect(text).toContain(`'${journal}' is damaged or is no journal of this server`);
    }
    renameSync(journal, `${journal}.broken`);
    expect((await callTool(server, 'get_server_info')).structured).toMatchObject({ machineName: 'ARCHIVE01' });
  });
});
