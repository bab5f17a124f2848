import { fieldTraits } from '../../catalogue/fields.ts';
import { maskSecrets } from '../../catalogue/mask-secrets.ts';
import { isEnded, findingWords, type TaskRecord } from '../../journal/task-record.ts';
import { MASK } from '../../masking/masks.ts';
import type { CopiedCall } from '../copy-as.ts';
import type { Exchange, TesterCall, TesterQuestion } from '../tester.ts';
import type { HistoryFile, KeptCall } from './history-file.ts';
import type { CallAnswer, CallEnd, CallRecord, CallSummary, NumberedExchange } from './protocol.ts';

/** Calls that are kept, looks at the status of each, and characters of bodies in all of them; the oldest go first. */
const LIMITS = { calls: 100, statuses: 50, characters: 32 * 1024 * 1024 } as const;

/** A call of a command, or an insight. */
export type PageCall = TesterCall | TesterQuestion;

interface Entry {
  /** As it was sent, secrets included, so that it can be sent again; it never leaves this process. */
  readonly call?: PageCall | undefined;
  readonly exchanges: NumberedExchange[];
  lastNumber: number;
  summary: CallSummary;
  answer?: CallAnswer;
}

/** Where calls are kept for the next run, and where each target is. */
export interface HistoryKeeping {
  readonly file: HistoryFile;
  readonly origins: ReadonlyMap<string, string>;
  /** Returns the declaration of a command or an insight of a target; undefined where it has none of this name. */
  readonly find: (target: string, name: string) => Pick<CopiedCall, 'command'>['command'] | undefined;
  /** Returns a call as it can be sent. */
  readonly restore: (call: KeptCall) => PageCall | undefined;
}

/** The calls of this run with what they exchanged, in memory alone, and those of earlier runs as far as they are kept. */
export class CallHistory {
  readonly #entries = new Map<number, Entry>();
  readonly #keeping: HistoryKeeping | undefined;
  #lastId = 0;
  #revision = 0;

  constructor(keeping?: HistoryKeeping) {
    this.#keeping = keeping;
    if (keeping) for (const kept of keeping.file.read()) this.#restore(kept, keeping);
  }

  /** Another number whenever a call has ended. */
  get revision(): number {
    return this.#revision;
  }

  begin(call: PageCall, startedAt: string): CallSummary {
    const { command, args, target, form } = asCopied(call);
    const summary = { id: ++this.#lastId, command: command.name, args: maskSecrets(command, args), target, form, startedAt };
    this.#entries.set(summary.id, { call, exchanges: [], lastNumber: 0, summary });
    this.#forgetOldest();
    return summary;
  }

  /** Returns the exchange with its number; undefined where the call is no longer kept. */
  addExchange(id: number, exchange: Exchange): NumberedExchange | undefined {
    const entry = this.#entries.get(id);
    if (!entry) return undefined;
    const numbered = { ...exchange, number: ++entry.lastNumber };
    const { exchanges } = entry;
    exchanges.push(numbered);
    const statuses = exchanges.filter(({ purpose }) => purpose === 'status');
    if (statuses.length > LIMITS.statuses)
      exchanges.splice(
        exchanges.findIndex(({ purpose }) => purpose === 'status'),
        1,
      );
    this.#forgetOldest();
    return numbered;
  }

  end(id: number, end: CallEnd, ms: number, answer?: CallAnswer): CallSummary | undefined {
    this.#revision++;
    const entry = this.#entries.get(id);
    if (entry) {
      entry.summary = { ...entry.summary, ms, end };
      if (answer) entry.answer = answer;
      this.#keep(entry, end, ms);
    }
    return entry?.summary;
  }

  /** Notes how long commands ended, of which a call says only that it began one. */
  noteTasks(tasks: readonly TaskRecord[]): void {
    const ended = new Map(tasks.filter(isEnded).map((task) => [task.taskId, task]));
    for (const entry of this.#entries.values()) {
      const { end } = entry.summary;
      const task = end?.kind === 'task' && end.outcome === undefined ? ended.get(end.taskId) : undefined;
      if (end?.kind !== 'task' || !task) continue;
      const { status, finding } = task;
      const outcome = finding ? `finished with ${findingWords(finding)}` : status;
      const hasFailed = status === 'failed' || status === 'unknown' || (finding?.errors ?? 0) > 0;
      entry.summary = { ...entry.summary, end: { ...end, outcome, hasFailed } };
      this.#revision++;
    }
  }

  /** Returns the ids of long commands of which the end is not known here. */
  listOpenTasks(): readonly string[] {
    return [...this.#entries.values()].flatMap(({ summary: { end } }) =>
      end?.kind === 'task' && end.outcome === undefined ? [end.taskId] : [],
    );
  }

  /** Returns the calls, the newest first. */
  list(): readonly CallSummary[] {
    return [...this.#entries.values()].map(({ summary }) => summary).toReversed();
  }

  get(id: number): CallRecord | undefined {
    const entry = this.#entries.get(id);
    return entry && { ...entry.summary, exchanges: entry.exchanges, ...(entry.answer && { answer: entry.answer }) };
  }

  /** Returns the call as it was sent. */
  findCall(id: number): PageCall | undefined {
    return this.#entries.get(id)?.call;
  }

  #keep({ summary, call }: Entry, end: CallEnd, ms: number): void {
    const { command, args, target, form, startedAt } = summary;
    const origin = this.#keeping?.origins.get(target);
    if (!this.#keeping || !call || origin === undefined) return;
    const declared = asCopied(call).command;
    const leftOut = Object.keys(args).filter((name) => mayHoldSecret(declared, name, args[name]));
    const kept = Object.fromEntries(Object.entries(args).filter(([name]) => !leftOut.includes(name)));
    this.#keeping.file.append({ command, args: kept, leftOut, target, origin, form, startedAt, ms, end: keepEnd(end) });
  }

  #restore(kept: KeptCall, { origins, find, restore }: HistoryKeeping): void {
    const { command, args, leftOut, target, origin, form, startedAt, ms, end } = kept;
    // Another archive may be configured under the same name by now.
    if (origins.get(target) !== origin || !find(target, command)) return;
    const call = leftOut.length === 0 ? restore(kept) : undefined;
    const id = ++this.#lastId;
    const notRepeatable = `${leftOut.join(', ')} is not kept: open the call and state it`;
    this.#entries.set(id, {
      call,
      exchanges: [],
      lastNumber: 0,
      summary: {
        id,
        command,
        args,
        target,
        form,
        startedAt,
        ms,
        end: end.kind === 'value' ? { kind: 'value', drift: [] } : end,
        isEarlier: true,
        ...(!call && { notRepeatable }),
      },
    });
  }

  #forgetOldest(): void {
    const entries = [...this.#entries.values()];
    let characters = entries.reduce((sum, { exchanges }) => sum + measureSize(exchanges), 0);
    // The newest stays, however large it is: it is the one on display.
    for (const { summary, exchanges } of entries.slice(0, -1)) {
      if (this.#entries.size <= LIMITS.calls && characters <= LIMITS.characters) return;
      this.#entries.delete(summary.id);
      characters -= measureSize(exchanges);
    }
  }
}

/** True for an argument that is a secret, can contain one, or from which one was masked. */
function mayHoldSecret({ input }: CopiedCall['command'], name: string, value: unknown): boolean {
  const { secret, isAction = false } = input[name] ? fieldTraits(input[name]) : {};
  return secret !== undefined || isAction || JSON.stringify(value ?? null).includes(MASK);
}

function keepEnd(end: CallEnd): KeptCall['end'] {
  if (end.kind === 'value') return { kind: 'value' };
  return end.kind === 'task' ? { kind: 'task', taskId: end.taskId } : { kind: 'error', message: end.message };
}

/** Returns a call with its declaration under one name, an insight or not. */
export function asCopied(call: PageCall): CopiedCall {
  if ('command' in call) return call;
  const { insight, ...rest } = call;
  return { ...rest, command: insight };
}

function measureSize(exchanges: readonly Exchange[]): number {
  return exchanges.reduce((sum, { request, response }) => sum + request.body.length + (response?.body.length ?? 0), 0);
}
