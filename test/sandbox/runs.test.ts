import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { defineCommand, type Command } from '../../src/catalogue/define-command.ts';
import { anything } from '../../src/catalogue/outputs.ts';
import { CommandFailure, World, type Emulation } from '../../src/emulation/world.ts';
import { Engine } from '../../src/sandbox/engine.ts';
import { Runs } from '../../src/sandbox/runs.ts';
import { seedWorld } from '../../src/sandbox/seed.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

let clock: ManualClock;
let changes: number;
let done: string[];

beforeEach(() => {
  clock = new ManualClock();
  changes = 0;
  done = [];
});

function declare(name: string, emulate: () => Emulation<unknown>): Command {
  return defineCommand({
    name,
    title: name,
    summary: name,
    group: 'system',
    editions: ['server'],
    effect: 'write',
    irreversible: 'Nothing is changed.',
    longRunning: true,
    idempotent: true,
    input: { id: z.int().optional() },
    output: anything,
    examples: [{}],
    emulate,
  });
}

function makeRuns(...commands: Command[]): Runs {
  const engine = new Engine({ clock, invoke: () => ({ done: Promise.resolve('succeeded'), cancel: () => {} }) });
  return new Runs({
    clock,
    world: new World(seedWorld('small', clock.now()), engine),
    seconds: 10,
    findCommand: (name) => commands.find((command) => command.name === name),
    commandNames: commands.map(({ name }) => name),
    onChange: () => changes++,
  });
}

const work = declare('Work', function* () {
  yield { percent: 10, text: 'first' };
  done.push('first');
  yield { percent: 40, text: 'second', type: 'warning' };
  done.push('second');
  yield { percent: 80, text: 'third' };
  done.push('third');
  return { items: 3 };
});

async function readStatus(runs: Runs, token: string) {
  const reading = await runs.read(token, 'modern');
  reading?.handOver?.lost();
  return reading?.status;
}

function startToken(runs: Runs, name: string): string {
  const started = runs.start(name, {}, 'modern');
  return started.kind === 'run' ? started.status.token : '';
}

test('the steps of a run show when their share of its time is over', async () => {
  const runs = makeRuns(work);
  const token = startToken(runs, 'Work');
  const seen: unknown[] = [];
  for (const ms of [0, 3_999, 1, 3_999, 1, 1_999, 1]) {
    await clock.advance(ms);
    const status = await readStatus(runs, token);
    seen.push([status?.version, status?.status, status?.percent, status?.text]);
  }
  expect(seen).toEqual([
    [2, 'running', 10, 'first'],
    [2, 'running', 10, 'first'],
    [3, 'running', 40, 'second'],
    [3, 'running', 40, 'second'],
    [4, 'running', 80, 'third'],
    [4, 'running', 80, 'third'],
    [5, 'succeeded', 100, null],
  ]);
  expect(await readStatus(runs, token)).toMatchObject({
    result: { items: 3 },
    error: null,
    log: [
      { type: 'information', text: 'first' },
      { type: 'warning', text: 'second' },
      { type: 'information', text: 'third' },
    ],
  });
});

test('a failure before the first step is a refusal, and a run without steps is a value', () => {
  const refusing = declare('Refuse', function* () {
    if (clock.now() > 0) throw new CommandFailure('Not today.');
    yield { percent: 10, text: 'never' };
    return null;
  });
  const empty = declare('Empty', function* () {
    if (done.length > 0) yield { percent: 50, text: 'never' };
    return 'nothing to do';
  });
  const runs = makeRuns(refusing, empty);
  expect(() => runs.start('Refuse', {}, 'modern')).toThrow('Not today.');
  expect(runs.start('Empty', {}, 'modern')).toMatchObject({ kind: 'value', value: 'nothing to do' });
});

test('a cancelled run leaves what it had done, and no more', async () => {
  const runs = makeRuns(work);
  const token = startToken(runs, 'Work');
  await clock.advance(2_000);
  expect(runs.cancel(token)).toBe(true);
  await clock.advance(10_000);
  expect(await readStatus(runs, token)).toMatchObject({ status: 'cancelled', percent: 40, result: null, error: null });
  expect(done).toEqual(['first']);
});

test('a run started for the server itself reports its end and never rejects', async () => {
  const failing = declare('Fail', function* () {
    yield { percent: 10, text: 'begin' };
    throw new CommandFailure('Broken.');
  });
  const runs = makeRuns(work, failing);
  const ends = Promise.all([
    runs.invoke('Work', {}).done,
    runs.invoke('Fail', {}).done,
    runs.invoke('Unknown', {}).done,
    runs.invoke('Work', { wrong: '1' }).done,
  ]);
  const cancelled = runs.invoke('Work', {});
  cancelled.cancel();
  await clock.advance(10_000);
  expect([...(await ends), await cancelled.done]).toEqual(['succeeded', 'failed', 'failed', 'failed', 'cancelled']);
});

test('forgetting everything stops the runs where they are', async () => {
  const runs = makeRuns(work);
  const token = startToken(runs, 'Work');
  const inside = runs.invoke('Work', {});
  await clock.advance(2_000);
  await runs.forgetAll();
  await clock.advance(10_000);
  expect(await readStatus(runs, token)).toBeUndefined();
  expect(await inside.done).toBe('failed');
  expect(done).toEqual(['first', 'first']);
});

test('every step that may have changed the world is reported', async () => {
  const runs = makeRuns(work);
  startToken(runs, 'Work');
  await clock.advance(1_000);
  const begun = changes;
  await clock.advance(10_000);
  expect(changes).toBeGreaterThan(begun);
});
