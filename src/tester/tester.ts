import { AsyncLocalStorage } from 'node:async_hooks';
import { systemClock, type Clock } from '../base/clock.ts';
import type { ApiForm } from '../base/target.ts';
import { showTimes } from '../base/show-times.ts';
import type { CallDefaults } from '../catalogue/complete-arguments.ts';
import { findAnsweredZone } from '../catalogue/complete-times.ts';
import type { Command } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import type { OnExchange } from '../client/record-exchange.ts';
import type { Answered } from '../guard/call.ts';
import type { Guard } from '../guard/guard.ts';
import type { Prompter } from '../guard/prompter.ts';
import type { InsightResult } from '../guard/run-insight.ts';
import type { TaskRecord } from '../journal/task-record.ts';
import type { TaskRunner } from '../tasks/runner.ts';
import { insightView } from './insight-view.ts';
import { checkArguments, checkInsightArguments } from './read-arguments.ts';

export type { Exchange, OnExchange } from '../client/record-exchange.ts';
export type { Answered } from '../guard/call.ts';

/** One call as it was put together by a person. */
export interface TesterCall {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
  readonly target: string;
  readonly form: ApiForm;
}

/** One question to an insight as it was put together by a person. */
export interface TesterQuestion extends Omit<TesterCall, 'command'> {
  readonly insight: Insight;
}

/** The parts of a backend that the tester needs. Its clients speak one API version and report their exchanges. */
export interface TesterBackend {
  readonly guard: Guard;
  readonly runner: TaskRunner;
  close(): Promise<void>;
}

export interface TesterOptions {
  /** Opens the backend for one API version; called once for each version that is used. */
  readonly openBackend: (form: ApiForm, onExchange: OnExchange) => TesterBackend;
  /** The form in which tasks are looked at where no call has been made before. */
  readonly defaultForm: ApiForm;
  /** The IANA zone in which times are asked for where a call names none. */
  readonly timeZone: string;
  /** Returns the login name at a target and the commands that its jobs may run; no login and none for a target that is not configured. */
  readonly describeTarget: (target: string) => Pick<CallDefaults, 'login' | 'commands'>;
  /** What periods such as `last 24 hours` are counted by; the machine's own clock by default. */
  readonly clock?: Clock;
  /** Who calls, as the audit names it. */
  readonly client: 'call' | 'tester';
}

export interface TesterCallOptions {
  /** Absent if no person can be asked. */
  readonly prompter?: Prompter | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Receives each exchange that the call causes, those of its run included, while this process follows it. */
  readonly onExchange?: OnExchange | undefined;
}

export interface TesterQuestionOptions extends Omit<TesterCallOptions, 'prompter'> {
  /** Receives how much of what has to be read was read, in percent. */
  readonly onProgress?: ((percent: number, message: string) => void) | undefined;
}

/** Makes single calls as a person puts them together, through the guard, and shows each exchange that they cause. */
export class Tester {
  readonly #options: TesterOptions;
  readonly #backends = new Map<ApiForm, TesterBackend>();
  /** Carries the receiver of exchanges through the asynchronous work of a call. */
  readonly #observer = new AsyncLocalStorage<OnExchange | undefined>();

  constructor(options: TesterOptions) {
    this.#options = options;
  }

  /** Makes a call and returns its value or its task. Throws MailStoreError when it is refused, not confirmed, or fails. */
  async call({ command, args, target, form }: TesterCall, { prompter, signal, onExchange }: TesterCallOptions = {}): Promise<Answered> {
    const { timeZone, describeTarget, clock = systemClock } = this.#options;
    const defaults = { timeZone, now: clock.now(), ...describeTarget(target) };
    const checked = checkArguments(command, args, defaults);
    const { guard } = this.#backend(form);
    const answered = await this.#observer.run(onExchange, async () =>
      guard.run({ command, args: checked, target }, { client: this.#options.client, prompter, signal }),
    );
    if (answered.kind === 'asked') throw new Error('the question has no answer yet');
    return answered;
  }

  /** Answers an insight as one object for people. Throws MailStoreError when it is refused, or none of its reads succeeded. */
  async answer(question: TesterQuestion, options: TesterQuestionOptions = {}): Promise<Readonly<Record<string, unknown>>> {
    return insightView(await this.report(question, options), this.#options.timeZone);
  }

  /** Answers an insight with its findings as they are. Throws MailStoreError when it is refused, or none of its reads succeeded. */
  async report(
    { insight, args, target, form }: TesterQuestion,
    { signal, onExchange, onProgress }: TesterQuestionOptions = {},
  ): Promise<InsightResult> {
    const { timeZone, client } = this.#options;
    const checked = checkInsightArguments(insight, args);
    const { guard } = this.#backend(form);
    const parts = { target, caller: { client, prompter: undefined, signal }, timeZone, onProgress };
    return this.#observer.run(onExchange, async () => guard.answer(insight, checked, parts));
  }

  /** The IANA zone in which times are asked for where a call names none. */
  get timeZone(): string {
    return this.#options.timeZone;
  }

  /** Returns the IANA zone of the times in the answer to a call that name none. */
  findZone({ command, args }: Pick<TesterCall, 'command' | 'args'>): string {
    return findAnsweredZone(command, args) ?? this.#options.timeZone;
  }

  /** Returns a value of a command with every time in it in the configured zone, with its offset. */
  showTimes(command: Command, args: Readonly<Record<string, unknown>>, value: unknown): unknown {
    const { timeZone } = this.#options;
    return showTimes(value, { shown: timeZone, answered: findAnsweredZone(command, args) });
  }

  /** The tasks in the record, started by any process. */
  get tasks(): Pick<TaskRunner, 'get' | 'recent' | 'countElsewhere' | 'waitForNews' | 'waitForEnd'> {
    return this.#anyBackend().runner;
  }

  /** Follows the tasks that no process follows. */
  adopt(): void {
    this.#anyBackend().runner.adopt();
  }

  /** Asks the server to stop a task and returns it. Throws MailStoreError when it is refused, not confirmed, or the server cannot be asked. */
  async cancel(taskId: string, { prompter, signal, onExchange }: TesterCallOptions = {}): Promise<TaskRecord> {
    const { guard } = this.#anyBackend();
    const cancelled = await this.#observer.run(onExchange, async () =>
      guard.cancel(taskId, { client: this.#options.client, prompter, signal }),
    );
    if ('kind' in cancelled) throw new Error('the question has no answer yet');
    return cancelled;
  }

  /** Ends what is in flight; commands that run on the server go on there. */
  async close(): Promise<void> {
    const backends = [...this.#backends.values()];
    this.#backends.clear();
    await Promise.all(backends.map(async (backend) => backend.close()));
  }

  /** A task is asked for in the form in which it was started, so any backend will do. */
  #anyBackend(): TesterBackend {
    const [first] = this.#backends.values();
    return first ?? this.#backend(this.#options.defaultForm);
  }

  #backend(form: ApiForm): TesterBackend {
    const known = this.#backends.get(form);
    if (known) return known;
    // Opened outside of any call: work that a backend does by itself, such as adopting tasks, belongs to no call.
    const opened = this.#observer.run(undefined, () =>
      this.#options.openBackend(form, (exchange) => this.#observer.getStore()?.(exchange)),
    );
    this.#backends.set(form, opened);
    return opened;
  }
}
