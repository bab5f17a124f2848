import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

describe('mailstore-mcp', () => {
  // Where Node brings its own SQLite, there is always an engine.
  test.skipIf(isBuiltin('node:sqlite'))('says at its start that no SQLite is there, and what to do', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mailstore-mcp-alone-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    cpSync(DIST, folder, { recursive: true });
    const { NODE_PATH: _nodePath, ...env } = process.env;
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, 'mailstore-mcp.cjs'), '--sandbox'], {
      env,
      encoding: 'utf8',
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(
      `mailstore-mcp: Tasks cannot be kept, because no SQLite loads (node:sqlite: Node ${process.versions.node} does not have it; libsql: Cannot find module 'libsql'). Run with Node 22.13 or later, or install the package libsql beside mailstore-mcp.\n`,
    );
  });
});
