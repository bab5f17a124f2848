import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, settingsFor, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { respond, respondStatus, startTlsServer } from '../helpers/tls-server.ts';

/** A MailStore that answers each change at once, with these fields of the envelope. */
async function startReporting(more: Readonly<Record<string, unknown>>) {
  const far = await startTlsServer(({ path }) =>
    path.endsWith('/SetUserFullName')
      ? respondStatus(2, { token: null, statusCode: 'succeeded', result: null, ...more })
      : respond('404 Not Found', 'text/plain', ''),
  );
  return { ...settingsFor(far), MAILSTORE_API: 'modern', MAILSTORE_STATE_DIR: temporaryFolder() };
}

test.each<[string, Readonly<Record<string, unknown>>, string]>([
  ['lines of its log', { logOutput: 'Error: the directory has no copy\nDone' }, 'Error: the directory has no copy'],
  ['an error', { error: { message: 'The directory has no copy.' } }, 'The directory has no copy.'],
])('a change that succeeds at once with %s says so to a model, at a terminal and in the record', async (_, more, line) => {
  const env = await startReporting(more);
  const server = untilTestEnds(await startServer({ env, access: 'read-write' }));
  const { isError, text, structured } = await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'Jo' });
  expect(isError).toBe(false);
  expect(text).toContain('Note: MailStore calls it succeeded and reports 1 error; see reported.');
  expect(text.slice(text.indexOf('Data from the archive'))).toContain(line);
  expect(structured['reported']).toContainEqual(expect.objectContaining({ text: line }));

  const called = await runBinary(['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jo', '--access', 'read-write'], env);
  expect(called.code).toBe(5);
  expect(called.stderr).toContain(`SetUserFullName finished with 1 error; MailStore calls it succeeded. Its last messages:\n  ${line}\n`);

  const ends = readFileSync(join(env.MAILSTORE_STATE_DIR, 'audit.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((entry) => JSON.parse(entry) as Record<string, unknown>)
    .filter(({ outcome }) => outcome === 'succeeded');
  expect(ends.map(({ finding }) => finding)).toEqual([
    { errors: 1, warnings: 0 },
    { errors: 1, warnings: 0 },
  ]);
});
