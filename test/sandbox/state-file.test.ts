import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { invoke, start } from './client.ts';

async function stateFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sandbox-state-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return join(folder, 'world.json');
}

test('the world and the password are kept from one start to the next', async () => {
  const path = await stateFile();
  const first = await startSandbox({ seed: 'small', stateFile: path });
  const password = first.password;
  await invoke(first, 'SetUserFullName', { userName: 'johndoe', fullName: 'Kept 😀' });
  await first.close();
  const second = await start({ stateFile: path });
  expect(second.password).toBe(password);
  expect((await invoke(second, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: 'Kept 😀' });
});

test('changes are written while the sandbox runs, whole and for its owner only', async () => {
  const path = await stateFile();
  const sandbox = await start({ stateFile: path });
  await invoke(sandbox, 'SetUserFullName', { userName: 'johndoe', fullName: 'Soon there' });
  await expect.poll(async () => readFile(path, 'utf8')).toContain('Soon there');
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ format: 1, state: { seed: 'small' } });
  expect(await readdir(join(path, '..'))).toEqual(['world.json']);
  if (process.platform !== 'win32') expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each([
  ['{', 'is broken; delete it to start again from the seed.'],
  ['[]', 'is broken; delete it to start again from the seed.'],
  ['{"format":1,"state":{"seed":"small"}}', "is broken at 'random'; delete it to start again from the seed."],
  ['{"format":2,"state":{}}', 'was written by a newer version (format 2; this one reads 1).'],
])('the file %s is refused and left alone', async (content, sentence) => {
  const path = await stateFile();
  await writeFile(path, content);
  await expect(startSandbox({ seed: 'small', stateFile: path })).rejects.toThrow(`The state file ${path} ${sentence}`);
  expect(await readFile(path, 'utf8')).toBe(content);
});

test('a state file that cannot be written is reported at the start', async () => {
  const path = join(await stateFile(), 'below', 'world.json');
  await expect(startSandbox({ seed: 'small', stateFile: path })).rejects.toThrow(path);
});
