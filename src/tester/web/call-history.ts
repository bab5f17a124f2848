import { maskSecrets } from '../../catalogue/mask-secrets.ts';
import type { CopiedCall } from '../copy-as.ts';
import type { Exchange, TesterCall, TesterQuestion } from '../tester.ts';
import type { Answer, CallEnd, CallRecord, CallSummary, NumberedExchange } from './protocol.ts';

/** Calls that are kept, looks at the status of each, and characters of bodies in all of them; the oldest go first. */
const LIMITS = { calls: 100, statuses: 50, characters: 32 * 1024 * 1024 } as const;

/** A call of a command, or an insight. */
export type PageCall = TesterCall | TesterQuestion;

interface Entry {
  /** As it was sent, secrets included, so that it can be sent again; it never leaves this process. */
  readonly call: PageCall;
  readonly exchanges: NumberedExchange[];
  lastNumber: number;
  summary: CallSummary;
  answer?: Answer;
}

/** The calls of this run, in memory alone: they are gone with the process. */
export class CallHistory {
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;
  #revision = 0;

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

  end(id: number, end: CallEnd, ms: number, answer?: Answer): CallSummary | undefined {
    this.#revision++;
    const entry = this.#entries.get(id);
    if (entry) {
      entry.summary = { ...entry.summary, ms, end };
      if (answer) entry.answer = answer;
    }
    return entry?.summary;
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

/** Returns a call with its declaration under one name, an insight or not. */
export function asCopied(call: PageCall): CopiedCall {
  if ('command' in call) return call;
  const { insight, ...rest } = call;
  return { ...rest, command: insight };
}

function measureSize(exchanges: readonly Exchange[]): number {
  return exchanges.reduce((sum, { request, response }) => sum + request.body.length + (response?.body.length ?? 0), 0);
}
