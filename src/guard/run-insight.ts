import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { isRow, type Row } from '../base/rows.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { MAX_READS, READING_MS, type Insight, type InsightAnswer, type InsightReader } from '../catalogue/define-insight.ts';
import { toolName } from '../catalogue/naming.ts';
import type { Drift } from '../client/value.ts';
import { isEnded } from '../journal/task-record.ts';
import type { TaskCall, TaskRunner } from '../tasks/runner.ts';
import type { Answered, Asked, Caller } from './call.ts';

/** Reads of one insight that are under way at the same time: as many as there are connections for calls. */
const AT_ONCE = 8;

/** How long the end of a read that runs long is waited for, in milliseconds. */
const LONG_READ_MS = 25_000;

/** When an insight answers with what it has, in milliseconds after its start. */
const ANSWER_BY_MS = 40_000;

/** A read without a usable value. */
export interface FailedRead {
  readonly tool: string;
  readonly reason: string;
  /** How many reads of this tool failed for this reason. */
  readonly times: number;
}

/** Where the answers to a command differ from their declaration. */
interface UnknownForm {
  readonly tool: string;
  /** The first place, such as `3.fullName`; empty for the whole answer. */
  readonly path: string;
  /** How many answers of this tool differ. */
  readonly times: number;
  /** The names of the fields that differ; that of a whole row is its index. */
  readonly fields: ReadonlySet<string>;
}

export interface InsightResult extends InsightAnswer {
  readonly failedReads: readonly FailedRead[];
}

export interface InsightParts {
  readonly run: (call: TaskCall, caller: Caller) => Promise<Answered | Asked>;
  readonly runner: Pick<TaskRunner, 'waitForEnd'>;
  /** The catalogue of the target. */
  readonly catalogue: Catalogue;
  readonly clock: Clock;
  readonly target: string;
  readonly caller: Caller;
  /** The IANA zone in which times are shown. */
  readonly timeZone: string;
  /** True where a person gets the answer drawn. */
  readonly isDrawn?: boolean | undefined;
  /** Receives how much of what is known to be needed has been read, in percent; it only grows. */
  readonly onProgress?: ((percent: number, message: string) => void) | undefined;
}

/**
 * Answers an insight. Throws MailStoreError with the reason of the first read when none succeeded, and the reason of the signal when the caller has
 * left.
 */
export async function runInsight(insight: Insight, args: Readonly<Record<string, unknown>>, parts: InsightParts): Promise<InsightResult> {
  const over = new AbortController();
  const late = waitUntilLate(parts.clock, over.signal);
  const reads = new GuardedReads(insight, args, parts, late);
  const answer = await insight.answer(args, reads).finally(() => over.abort());
  if (reads.succeeded === 0 && reads.firstError) throw reads.firstError;
  return { ...answer, notLookedAt: [...reads.unknownForms.map(describeForm), ...answer.notLookedAt], failedReads: reads.failed };
}

function describeForm({ tool, path, times }: UnknownForm): string {
  const where = path === '' ? '' : `, first at ${path}`;
  return `What ${tool} shows in another form than is known${times > 1 ? `, in ${times} answers` : ''}${where}: ${tool} shows it whole.`;
}

/** The time for an answer is up. */
const LATE: unique symbol = Symbol('late');

async function waitUntilLate(clock: Clock, over: AbortSignal): Promise<typeof LATE> {
  await clock.sleep(ANSWER_BY_MS, over).catch(() => undefined);
  return LATE;
}

class GuardedReads implements InsightReader {
  readonly now: number;
  readonly timeZone: string;
  readonly isDrawn: boolean;
  readonly #insight: Insight;
  readonly #args: Readonly<Record<string, unknown>>;
  readonly #parts: InsightParts;
  readonly #until: number;
  readonly #late: Promise<typeof LATE>;
  readonly #failed = new Map<string, FailedRead>();
  readonly #unknownForms = new Map<string, UnknownForm>();
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #planned = 0;
  #done = 0;
  #shown = 0;
  succeeded = 0;
  firstError: MailStoreError | undefined;

  constructor(insight: Insight, args: Readonly<Record<string, unknown>>, parts: InsightParts, late: Promise<typeof LATE>) {
    this.#insight = insight;
    this.#args = args;
    this.#late = late;
    this.#parts = parts;
    this.now = parts.clock.now();
    this.timeZone = parts.timeZone;
    this.isDrawn = parts.isDrawn === true;
    this.#until = parts.clock.monotonic() + READING_MS;
  }

  get failed(): readonly FailedRead[] {
    return [...this.#failed.values()];
  }

  get unknownForms(): readonly UnknownForm[] {
    return [...this.#unknownForms.values()];
  }

  isAsDeclared(name: string, fields: readonly string[]): boolean {
    const differing = [...(this.#unknownForms.get(toolName(name))?.fields ?? [])];
    return !differing.some((field) => fields.includes(field) || /^\d*$/.test(field));
  }

  async read(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.#planned += 1;
    return this.#readNow(name, args);
  }

  async readList(name: string, args: Readonly<Record<string, unknown>> = {}): Promise<readonly Row[] | undefined> {
    const value = await this.read(name, args);
    if (value === undefined) return undefined;
    const rows = Array.isArray(value) ? value.filter(isRow) : [];
    if (!Array.isArray(value) || rows.length < value.length) this.#fail(name, 'the answer is not the list of objects that it should be');
    return rows.length === 0 && !(Array.isArray(value) && value.length === 0) ? undefined : rows;
  }

  async readEach<Entry>(
    name: string,
    entries: readonly Entry[],
    args: (entry: Entry) => Readonly<Record<string, unknown>>,
  ): Promise<readonly unknown[]> {
    const { clock } = this.#parts;
    const values: unknown[] = [];
    let next = 0;
    const end = Math.min(entries.length, MAX_READS);
    this.#planned += end;
    // Workers take the entries in their order, so what was not begun when the time was up is the end of the list.
    const work = async () => {
      for (let index = next++; index < end && clock.monotonic() < this.#until; index = next++) {
        values[index] = undefined;
        values[index] = await this.#readNow(name, args(entries[index] as Entry));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    this.#planned -= end - values.length;
    return Array.from(values);
  }

  async #readNow(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (!this.#insight.reads.includes(name)) throw new Error(`${this.#insight.name} does not declare that it reads ${name}`);
    const { target, caller, catalogue } = this.#parts;
    const command = catalogue.find(name);
    if (!command) throw new MailStoreError('unknownCommand', { command: name });
    caller.signal?.throwIfAborted();
    const scoped = catalogue.inScope({ command: this.#insight, args: this.#args }, { command: name, args }).args;
    const work = this.#inTurn(name, { command, args: z.strictObject(command.input).parse(scoped), target });
    work.catch(() => undefined);
    const value = await Promise.race([work, this.#late]);
    if (value !== LATE) return value;
    caller.signal?.throwIfAborted();
    this.#fail(name, `there was no answer within ${ANSWER_BY_MS / 1000} seconds`);
    return undefined;
  }

  async #inTurn(name: string, call: TaskCall): Promise<unknown> {
    const { run, caller } = this.#parts;
    await this.#takeTurn();
    try {
      const value = await this.#valueOf(name, await run(call, caller));
      if (value !== undefined) this.succeeded += 1;
      return value;
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.firstError ??= error;
      this.#fail(name, error.message);
      return undefined;
    } finally {
      this.#endTurn();
      this.#showProgress(name);
    }
  }

  async #valueOf(name: string, answered: Answered | Asked): Promise<unknown> {
    if (answered.kind === 'asked') throw new Error('a read was put to a person');
    if (answered.kind === 'value') {
      if (answered.drift.length > 0) this.#keepForm(name, answered.drift);
      return answered.value ?? null;
    }
    const { runner, caller } = this.#parts;
    const task = await runner.waitForEnd(answered.task.taskId, LONG_READ_MS, { ...(caller.signal && { signal: caller.signal }) });
    if (task.status === 'succeeded') return task.result ?? null;
    const reason = isEnded(task)
      ? (task.error ?? task.reason ?? `it ended as ${task.status}`)
      : `it is still running as task ${task.taskId}; ask again when get_task_status shows its end`;
    this.#fail(name, reason);
    return undefined;
  }

  #keepForm(name: string, drift: readonly Drift[]): void {
    const tool = toolName(name);
    const known = this.#unknownForms.get(tool);
    const fields = drift.map(({ path }) => path.split('.').at(-1) ?? '');
    this.#unknownForms.set(tool, {
      tool,
      path: known?.path ?? drift[0]?.path ?? '',
      times: (known?.times ?? 0) + 1,
      fields: new Set([...(known?.fields ?? []), ...fields]),
    });
  }

  #fail(name: string, reason: string): void {
    const tool = toolName(name);
    const key = `${tool}: ${reason}`;
    this.#failed.set(key, { tool, reason, times: (this.#failed.get(key)?.times ?? 0) + 1 });
  }

  async #takeTurn(): Promise<void> {
    if (this.#underWay >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
  }

  /** Hands the turn on to the read that waits longest. */
  #endTurn(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#underWay -= 1;
  }

  #showProgress(name: string): void {
    this.#done += 1;
    const percent = Math.floor((100 * this.#done) / Math.max(this.#planned, this.#done));
    if (percent <= this.#shown || percent >= 100) return;
    this.#shown = percent;
    this.#parts.onProgress?.(percent, `${toolName(name)}: ${this.#done} of ${this.#planned} reads`);
  }
}
