/**
 * A process of its own that works on a journal. It prints one line of JSON for each thing that the journal has confirmed, and nothing before
 * the confirmation: what is in its output has to be in the file.
 */
import { randomBytes } from 'node:crypto';
import { readSync, writeSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { SQLITE_ENGINES } from '../../src/journal/sqlite.ts';
import { FENCE_MS } from '../../src/journal/lease.ts';
import type { Holder } from '../../src/journal/task-record.ts';
import { call, digestData, intent, progress } from './samples.ts';

export interface ChildOrder {
  readonly role: 'open' | 'begin' | 'write' | 'take' | 'consume' | 'burn';
  readonly folder: string;
  readonly engine: string;
  readonly name: string;
  /** True to wait for a byte on stdin, so that several processes begin together. */
  readonly waits?: boolean;
  /** How many rounds to make; without it until killed. */
  readonly rounds?: number;
  /** The account to become before the journal is opened. */
  readonly uid?: number;
}

/** What a process writes when it waits. */
const READY = 'ready';

const order = JSON.parse(process.argv[2] ?? '{}') as ChildOrder;
const holder: Holder = { id: order.name, pid: process.pid, host: 'test' };
const { rounds = Infinity } = order;
let offset = 0;

function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Once the rights are dropped, the files of this program may be out of reach: what is loaded late is loaded before. */
function open(): Journal {
  const engines = SQLITE_ENGINES.filter(({ name }) => name === order.engine);
  if (order.uid !== undefined) {
    for (const engine of engines) engine.load();
    process.setgid?.(order.uid);
    process.setuid?.(order.uid);
  }
  const clock = { ...systemClock, now: () => Date.now() + offset };
  return Journal.open(order.folder, { clock, engines });
}

/** Blocks, because an event would wake the processes farther apart. */
function waitForStart(): void {
  if (!order.waits) return;
  writeSync(1, `${READY}\n`);
  readSync(0, Buffer.alloc(1));
}

/** Takes tasks from their beginning to their end. */
async function write(journal: Journal): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const { task } = await journal.tasks.begin(intent(`${order.name}-${round}`), holder);
    say({ began: task.taskId });
    await journal.tasks.accepted(task.taskId, 1, { token: task.taskId }, 'modern', progress(0));
    await journal.tasks.markPoll(task.taskId, 1);
    const body = randomBytes(20_000);
    await journal.tasks.storeRawEnd(task.taskId, { status: 200, contentType: 'application/json', body });
    say({ stored: task.taskId, digest: digestData(body) });
    if (round % 2 === 0 && (await journal.tasks.finish(task.taskId, { status: 'succeeded', result: round }))) {
      say({ finished: task.taskId, result: round });
    }
  }
}

/** Takes the lease of one task again and again from its holder, each time as if it had been silent for long. */
async function take(journal: Journal): Promise<void> {
  const { taskId } = (await journal.tasks.begin(intent('shared'), holder)).task;
  for (let round = 0; round < rounds; round++) {
    offset += FENCE_MS + 1;
    const epoch = await journal.tasks.acquireLease(taskId, holder, () => true);
    if (epoch !== undefined) say({ epoch });
  }
}

/** Uses up each of the same approvals, as far as the others have left it. */
async function consume(journal: Journal): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if ((await journal.approvals.consume(call(`key-${round}`))) !== undefined) say({ won: round });
  }
}

/** Burns each of the same nonces. */
async function burn(journal: Journal): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    if (await journal.approvals.burn(`nonce-${round}`, Date.now() + 600_000)) say({ won: round });
  }
}

if (order.role === 'open') {
  waitForStart();
  say({ opened: await open().tasks.revision() });
} else {
  const journal = open();
  say({ opened: 0 });
  waitForStart();
  if (order.role === 'begin') {
    const { task, isNew } = await journal.tasks.begin(intent('shared'), holder);
    say({ taskId: task.taskId, isNew });
  } else await { write, take, consume, burn }[order.role](journal);
  journal.close();
}
