import { systemClock, type Clock } from '../base/clock.ts';
import { Deadline } from '../base/deadline.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { CALL_MS } from '../base/limits.ts';
import { InFlight } from '../base/in-flight.ts';
import type { Log } from '../base/log.ts';
import type { Redactor } from '../masking/redactor.ts';
import { RISKS, type Found, type Toolset } from '../catalogue/define-command.ts';
import type { Plan } from '../catalogue/define-plan.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { toolName } from '../catalogue/naming.ts';
import { refuseTwins } from '../catalogue/refuse-twins.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditEntry } from '../audit/audit-record.ts';
import type { Change } from '../journal/change-journal.ts';
import type { PageRequest, RowPage } from '../journal/page.ts';
import type { Journal } from '../journal/journal.ts';
import { findingWords, isEnded, type TaskRecord } from '../journal/task-record.ts';
import { allows, neededAccess } from '../policy/access.ts';
import { decide, judgeCall, mildestEffect, type Circumstances, type Decision } from '../policy/decide.ts';
import { passGate, refusal, type Permit } from '../policy/gate.ts';
import { readFinding } from '../tasks/finding.ts';
import type { TaskCall, TaskRunner } from '../tasks/runner.ts';
import { AuditTrail, describeOutcome, TASK_END_CLIENT, type OnBegun } from './audit-trail.ts';
import type { AdmittedCall, Answered, Asked, Caller, GuardedTarget, ObjectState } from './call.ts';
import { Changes, findDifference } from './changes.ts';
import { CallTime } from './call-time.ts';
import { readCautions } from './cautions.ts';
import { Consent, type AskableCall, type Render, type ObtainedYes } from './consent.ts';
import { effectInWords, renderCancelQuestion, renderPlanQuestion, runSearch, type SharedReads } from './question.ts';
import {
  digestPlan,
  isCovered,
  isRelated,
  readPlan,
  refuseLockOut,
  refusePlan,
  stopPlan,
  toCall,
  type PlanOutcome,
  type PlanProgress,
  type PreparedPlan,
  type PreparedStep,
} from './run-plan.ts';
import { runInsight, type InsightParts, type InsightResult } from './run-insight.ts';
import { forgetGenerated, Secrets, type SecretSources } from './secrets.ts';

export interface GuardOptions {
  readonly targets: ReadonlyMap<string, GuardedTarget>;
  /** The toolsets that may be called. */
  readonly groups: readonly Toolset[];
  readonly journal: Journal;
  readonly audit: AuditLog;
  readonly runner: TaskRunner;
  readonly secrets: SecretSources;
  readonly redactor: Redactor;
  /** Returns the command line by which a person grants an approval of this record. */
  readonly approveCommand: (approvalId: string) => string;
  readonly log: Log;
  /** Measures how long a call is held; the machine's own by default. */
  readonly clock?: Clock;
}

/** How long what was cut off with the time of a call may take to get into the audit, in milliseconds. */
const RECORD_MS = 1000;

/** What the reads of warnings may take longer than the read of the object, in milliseconds. */
const CAUTIONS_MS = 2000;

/** Every call of a command passes through here on its way to the wire: the guard decides, asks, records, runs, and keeps what is needed to go back. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #trail: AuditTrail;
  readonly #consent: Consent;
  readonly #changes: Changes;
  readonly #inFlight = new InFlight();
  /** The times of the calls in flight. */
  readonly #times = new Set<CallTime>();
  #isEnding = false;

  constructor(options: GuardOptions) {
    const { audit, journal, approveCommand, log, clock = systemClock } = options;
    this.#options = options;
    this.#trail = new AuditTrail(audit, log);
    this.#consent = new Consent({ approvals: journal.approvals, trail: this.#trail, clock, approveCommand });
    this.#changes = new Changes(journal.changes, log);
  }

  /**
   * Runs a call, or returns `asked` while its question is on its way. Throws MailStoreError when the call is refused, has no yes, or fails. Every
   * call leaves its lines in the audit.
   */
  run(request: TaskCall, caller: Caller): Promise<Answered | Asked> {
    return this.#inTime(toolName(request.command.name), caller, (time) => this.#run(request, caller, time));
  }

  /**
   * Does the work of a call within its time, to be answered within HOLD_MS. Reads end with it, and a change that has not begun by then is not begun any
   * more. One that has begun goes on, and the record shows its end. Throws MailStoreError `outOfTime`, `notBegun` or `stillRunning`.
   */
  async #inTime<T>(tool: string, { deadline: given }: Caller, work: (time: CallTime) => Promise<T>): Promise<T> {
    const deadline = given ?? new Deadline(this.#clock, CALL_MS);
    const time = new CallTime(tool, deadline);
    this.#times.add(time);
    try {
      return await deadline.within(this.#inFlight.add(work(time)), () => time.late(), RECORD_MS);
    } finally {
      this.#times.delete(time);
      if (!given) deadline.end();
    }
  }

  /** Sends no change from now on, and resolves when what is in flight has been answered and recorded. Calls that have not set out end at once. */
  async close(): Promise<void> {
    this.#isEnding = true;
    for (const time of this.#times) time.stopUnlessUnderWay();
    await this.#inFlight.settle();
  }

  async #run(request: TaskCall, caller: Caller, time: CallTime): Promise<Answered | Asked> {
    const call = await this.#admit(request, caller, time);
    if (call.decision.kind === 'ask') await this.#refuseIncomplete(call);
    const consent = await this.#obtain(call);
    return consent.kind === 'asked' ? consent : this.#carryOut(call, consent);
  }

  /** Refuses a call that could not be sent even with a yes, before a person is asked for it. */
  async #refuseIncomplete({ request: { command }, target, secrets, entry, time: { deadline } }: AdmittedCall): Promise<void> {
    try {
      await target.client.refuseIncomplete(command, secrets.args, { deadline });
    } catch (error) {
      await this.#trail.noted(entry, describeOutcome(error));
      throw error;
    }
  }

  /** Sends a call that has its yes, between its lines in the audit and the reads of its object. Throws MailStoreError when it is refused or fails. */
  async #carryOut(call: AdmittedCall, consent: ObtainedYes): Promise<Answered> {
    const { request } = call;
    const permit = passGate(request.command, request.args, {
      access: call.target.access,
      ...this.#circumstances(call.target, call.found),
      yes: consent.record && { given: true },
      sent: call.secrets.args,
    });
    const isRead = permit.effect === 'read';
    if (this.#isEnding && !isRead) await this.#refuseToBegin(call);
    const { runner } = this.#options;
    const { before, cautions: facts } = isRead ? { before: undefined, cautions: [] } : await this.#readFacts(call, consent);
    // The end of this server cuts these reads off.
    if (this.#isEnding && !isRead) await this.#refuseToBegin(call);
    call.time.setOut();
    const cautions = [...facts, ...call.secrets.warnings];
    const done = await this.#trail.around(call, consent.record, {
      execute: (onBegun) => this.#changes.around(call, before, () => this.#execute(call, permit, onBegun)),
      onRecorded: (taskId, { isEnd }) => runner.recorded(taskId, { isEnd }),
    });
    const answered = { ...done, ...(cautions.length > 0 && { cautions }) };
    if (answered.kind === 'task' && answered.change) await this.#settleEnded(answered.task.taskId, call.target);
    return answered;
  }

  /** Settles the change of a task that has ended already. Never rejects for a fault of the journal: the next look at the change does it. */
  async #settleEnded(taskId: string, target: GuardedTarget): Promise<void> {
    try {
      await this.#changes.settle(await this.#options.runner.get(taskId), target);
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.#options.log.error(`what the task ${taskId} has changed is not recorded yet: ${error.message}`);
    }
  }

  /** Reads the object of a change and what its declaration warns of, where the question has not read them. A slow warning holds no change up. */
  async #readFacts(
    call: AdmittedCall,
    { before, cautions }: ObtainedYes,
  ): Promise<{ before: ObjectState | undefined; cautions: readonly string[] }> {
    const { target, request, found, time, now } = call;
    const shared: SharedReads = new Map();
    const reading = cautions ? Promise.resolve(cautions) : readCautions(target, request, found, { deadline: time.deadline, now, shared });
    const read = before ?? this.#changes.readBefore(call, shared);
    const patience = new AbortController();
    const wait = async (): Promise<readonly string[]> => {
      await read;
      await this.#clock.sleep(CAUTIONS_MS, patience.signal).catch(() => undefined);
      return [];
    };
    try {
      const [object, said] = await Promise.all([read, Promise.race([reading, wait()])]);
      return { before: object, cautions: said };
    } finally {
      patience.abort();
    }
  }

  /** Obtains a yes where the call needs one. Throws MailStoreError when there is none, or the time was over before what the question shows was read. */
  async #obtain(call: AskableCall, render?: Render): Promise<ObtainedYes | Asked> {
    try {
      return await this.#consent.obtain(call, render);
    } catch (error) {
      if (!isError(error, 'outOfTime')) throw error;
      return this.#refuseLate(call);
    }
  }

  /** Records that the time of a call was over before its change could begin. */
  async #refuseLate({ time, entry }: AskableCall): Promise<never> {
    const refused = time.late();
    await this.#trail.noted(entry, describeOutcome(refused));
    throw refused;
  }

  /** Answers a question from several reads, each a guarded call of its own. Throws MailStoreError when it is refused or every read failed. */
  async answer(
    insight: Insight,
    args: Readonly<Record<string, unknown>>,
    { target, caller, timeZone, onProgress, isDrawn }: Pick<InsightParts, 'target' | 'caller' | 'timeZone' | 'onProgress' | 'isDrawn'>,
  ): Promise<InsightResult> {
    const { runner, groups, clock = systemClock } = this.#options;
    const { access, client } = this.#target(target);
    if (!groups.includes('insights'))
      throw refusal(insight.name, { kind: 'refuse', effect: 'read', risks: [], toolset: 'insights' }, access);
    return runInsight(insight, args, {
      run: (call, who) => this.run(call, who),
      catalogue: client.catalogue,
      runner,
      clock,
      timeZone,
      target,
      caller,
      onProgress,
      isDrawn,
    });
  }

  /** Returns what a plan would do now, each step judged and with its cautions. Changes nothing. Throws MailStoreError when there is no plan. */
  preparePlan(
    plan: Plan,
    args: Readonly<Record<string, unknown>>,
    parts: Pick<InsightParts, 'target' | 'caller' | 'timeZone' | 'onProgress'>,
  ): Promise<PreparedPlan> {
    return this.#inTime(plan.name, parts.caller, (time) => this.#preparePlan(plan, args, parts, time));
  }

  async #preparePlan(
    plan: Plan,
    args: Readonly<Record<string, unknown>>,
    { target: name, caller, ...parts }: Pick<InsightParts, 'target' | 'caller' | 'timeZone' | 'onProgress'>,
    time: CallTime,
  ): Promise<PreparedPlan> {
    const { runner, groups } = this.#options;
    const target = this.#target(name);
    const { catalogue } = target.client;
    if (!groups.includes('plans'))
      throw refusal(plan.name, { kind: 'refuse', effect: 'write', risks: [], toolset: 'plans' }, target.access);
    const { deadline } = time;
    const { steps, basis, ...planned } = await readPlan(plan, args, {
      run: (call, who) => this.run(call, who),
      runner,
      catalogue,
      clock: this.#clock,
      target: name,
      caller: { ...caller, deadline, prompter: undefined },
      ...parts,
    });
    refusePlan(plan, steps);
    const prepared: PreparedStep[] = [];
    const shared: SharedReads = new Map();
    for (const step of steps) {
      const request = toCall(catalogue, step, name);
      const found = await this.#find(request, target, deadline);
      const decision = this.#decide(request, target, found);
      const read = await readCautions(target, request, found, { deadline, now: this.#clock.now(), shared });
      const cautions = read.filter((caution) => step.settled?.some((words) => caution.includes(words)) !== true);
      const before = await this.#changes.readBefore({ request, target, time }, shared);
      prepared.push({ ...step, tool: toolName(step.command), request, decision, cautions, before });
    }
    refuseLockOut(plan, prepared, target.user);
    return { ...planned, plan, args, target: name, steps: prepared, digest: digestPlan(plan, args, target, prepared, basis) };
  }

  /**
   * Runs the steps of a plan one after the other, after one question for all of them where any needs one, and stops at the first that fails. `use`
   * uses the plan's id up directly before the first step, and throws where that was done before. Throws MailStoreError when a step is refused or
   * there is no yes; nothing has run then.
   */
  async runPlan(prepared: PreparedPlan, caller: Caller, use: () => Promise<void>): Promise<PlanOutcome | Asked> {
    const progress: PlanProgress = { done: [] };
    try {
      return await this.#inTime(prepared.plan.name, caller, (time) => this.#runPlan(prepared, caller, time, { use, progress }));
    } catch (error) {
      // Its time is over in the middle: what was done until then is no less done.
      if (!(error instanceof MailStoreError) || !progress.running) throw error;
      return stopPlan(prepared, progress, progress.running.time.late());
    }
  }

  async #runPlan(
    prepared: PreparedPlan,
    caller: Caller,
    time: CallTime,
    { use, progress }: { readonly use: () => Promise<void>; readonly progress: PlanProgress },
  ): Promise<PlanOutcome | Asked> {
    const { steps } = prepared;
    const target = this.#target(prepared.target);
    for (const { request, decision, tool } of steps) {
      if (decision.kind === 'refuse') await this.#refuse(tool, decision, target, this.#trail.open(request, caller, target, decision));
    }
    const consent = await this.#obtainForPlan(prepared, caller, target, time);
    if (consent.kind === 'asked') return consent;
    await use();
    time.setOut();
    const { done } = progress;
    const states = new Map(steps.map((step) => [step, step.before]));
    for (const [index, step] of steps.entries()) {
      const stepTime = new CallTime(step.tool, time.deadline);
      progress.running = { step, time: stepTime };
      try {
        const readStep = () => this.#readStep(step, steps.slice(index), states, { target, time: stepTime });
        const answered = await this.#runStep(step, caller, stepTime, { consent, readStep });
        done.push({ step, answered: await this.#awaitStep(step, answered, { target, time: stepTime }) });
        await this.#readLaterSteps(step, steps.slice(index + 1), states, { target, time: stepTime });
      } catch (error) {
        if (!(error instanceof MailStoreError)) throw error;
        return stopPlan(prepared, progress, error as MailStoreError);
      }
    }
    return { prepared, done, notDone: [] };
  }

  /**
   * Waits for the end of a step that has become a task: the next one rests on it. Throws MailStoreError `stepUnderWay` where there is none in time, and
   * `stepNotSucceeded` for another end than success without a finding.
   */
  async #awaitStep(
    { tool }: PreparedStep,
    answered: Answered,
    { target, time: { deadline } }: Pick<AdmittedCall, 'target' | 'time'>,
  ): Promise<Answered> {
    if (answered.kind !== 'task') return answered;
    const { runner } = this.#options;
    const { taskId, note } = answered.task;
    const task = await runner.waitForEnd(taskId, Math.max(0, deadline.leftMs() - RECORD_MS));
    if (!isEnded(task)) throw new MailStoreError('stepUnderWay', { tool, taskId, note });
    await this.#settleEnded(taskId, target);
    if (task.status !== 'succeeded' || task.finding) {
      const reason = task.error ?? task.reason;
      const end = `${task.finding ? findingWords(task.finding) : task.status}${reason ? ` (${reason})` : ''}`;
      throw new MailStoreError('stepNotSucceeded', { tool, taskId, end, note });
    }
    const number = answered.change?.number;
    if (number === undefined) return { ...answered, task };
    const { before, after, inverse } = await this.#changes.get(number);
    return { ...answered, task, change: { number, before, after, ...(!inverse && { note: 'It cannot be put back.' }) } };
  }

  /**
   * Reads the object of a step directly before it, and with it those of later steps that the step may change. Throws MailStoreError `stepOutdated` where one
   * of them reads otherwise than the plan showed it, or than the steps before left it.
   */
  async #readStep(
    step: PreparedStep,
    ahead: readonly PreparedStep[],
    states: ReadonlyMap<PreparedStep, ObjectState | undefined>,
    { target, time }: Pick<AdmittedCall, 'target' | 'time'>,
  ): Promise<ObjectState | undefined> {
    const shared: SharedReads = new Map();
    let own: ObjectState | undefined;
    for (const one of ahead.filter((other) => other === step || isRelated(step, other))) {
      const state = await this.#changes.readBefore({ request: one.request, target, time }, shared);
      const changed = findDifference(states.get(one), state);
      if (changed)
        throw new MailStoreError('stepOutdated', {
          tool: step.tool,
          was: JSON.stringify(changed.before),
          now: JSON.stringify(changed.after),
        });
      if (one === step) own = state;
    }
    return own;
  }

  /** Reads what a step may have changed of the objects of later ones, and those that did not exist before it. */
  async #readLaterSteps(
    step: PreparedStep,
    later: readonly PreparedStep[],
    states: Map<PreparedStep, ObjectState | undefined>,
    { target, time }: Pick<AdmittedCall, 'target' | 'time'>,
  ): Promise<void> {
    const shared: SharedReads = new Map();
    for (const one of later.filter((other) => isRelated(step, other) || states.get(other)?.failed !== undefined)) {
      states.set(one, await this.#changes.readBefore({ request: one.request, target, time }, shared));
    }
  }

  async #obtainForPlan(prepared: PreparedPlan, caller: Caller, target: GuardedTarget, time: CallTime): Promise<ObtainedYes | Asked> {
    const { plan, args, steps } = prepared;
    const asking = steps.filter(({ decision }) => decision.kind === 'ask');
    const [first] = asking;
    if (!first) return { kind: 'yes' };
    const decision = {
      kind: 'ask',
      effect: asking.some((step) => step.decision.effect === 'destructive') ? 'destructive' : 'write',
      risks: RISKS.filter((risk) => asking.some((step) => step.decision.risks.includes(risk))),
    } as const;
    const entry = { ...this.#trail.open(first.request, caller, target, decision), command: plan.name, arguments: args };
    const now = this.#clock.now();
    const call = { request: first.request, caller, target, decision, found: {}, entry, time, now };
    return this.#obtain(call, () => renderPlanQuestion(prepared, target, decision, { time, now }));
  }

  /** Runs one step with the yes of its plan, which covers what was shown of the step and nothing more. */
  async #runStep(
    { request, decision: shown, tool }: PreparedStep,
    caller: Caller,
    time: CallTime,
    { consent: { record }, readStep }: { readonly consent: ObtainedYes; readonly readStep: () => Promise<ObjectState | undefined> },
  ): Promise<Answered> {
    const call = await this.#admit(request, { ...caller, prompter: undefined }, time);
    try {
      if (call.decision.kind === 'ask' && (!record || !isCovered(call.decision, shown)))
        throw new MailStoreError('stepChanged', { tool, shown: effectInWords(shown), now: effectInWords(call.decision) });
      const before = await readStep();
      return await this.#carryOut(call, { kind: 'yes', before, ...(record && call.decision.kind === 'ask' && { record }) });
    } catch (error) {
      if (isError(error, 'stepChanged', 'stepOutdated')) await this.#trail.refused(call.entry, error);
      throw error;
    }
  }

  /** Returns the last lines of the audit, newest first. Their secrets are masked. */
  auditTail(count: number): readonly Readonly<Record<string, unknown>>[] {
    return this.#options.audit.tail(count);
  }

  /** Returns one page of the recorded changes of the configured archives, newest first, each with the name that its archive has here. */
  async changes(request: Omit<PageRequest, 'origins'>): Promise<RowPage<Change>> {
    const origins = [...this.#options.targets.values()].map(({ origin }) => origin);
    const { rows, ...page } = await this.#changes.page({ ...request, origins });
    return { ...page, rows: rows.map((change) => ({ ...change, target: this.#findTargetAt(change)?.name ?? change.target })) };
  }

  /**
   * Puts a change back by its inverse, a guarded call of its own, in the archive where it was made. Throws MailStoreError when there is no such
   * change or no way back, when it was put back before, when its archive is not configured here, or when the object reads otherwise than the change
   * left it.
   */
  async revert(number: number, caller: Caller): Promise<Answered | Asked> {
    const found = await this.#changes.get(number);
    const target = this.#targetAt(found);
    if (found.run) await this.#settleEnded(found.run.taskId, target);
    const change = found.run ? await this.#changes.get(number) : found;
    return this.#inTime('revert_change', caller, async (time) => {
      const inverse = await this.#changes.inverseCall(change, target, time.deadline);
      const answered = await this.#run(inverse, caller, time);
      if (answered.kind === 'value') await this.#changes.markReverted(number, answered);
      return answered;
    });
  }

  /**
   * Asks the server to stop a task, or returns `asked` while the question is on its way. Cancelling is as dangerous as what it cuts off: it needs
   * the access and the yes that the command itself would need. Throws MailStoreError when it is refused, has no yes, or cannot be asked.
   */
  cancel(taskId: string, caller: Caller): Promise<TaskRecord | Asked> {
    return this.#inTime('cancel_task', caller, (time) => this.#cancel(taskId, caller, time));
  }

  async #cancel(taskId: string, caller: Caller, time: CallTime): Promise<TaskRecord | Asked> {
    const { runner } = this.#options;
    const task = await runner.get(taskId);
    const target = this.#options.targets.get(task.target);
    if (!target || isEnded(task)) return runner.cancel(taskId);
    const command = target.client.catalogue.find(task.command);
    if (!command) throw new MailStoreError('unknownCommand', { command: task.command });
    const request = { command, args: task.argumentsMasked, target: task.target };
    const found = await this.#find(request, target, time.deadline);
    const decision = this.#decide(request, target, found);
    const entry = { ...this.#trail.open(request, caller, target, decision), command: 'cancel-async', task: taskId };
    if (decision.kind === 'refuse') return this.#refuse('cancel_task', decision, target, entry);
    const ask = async () => renderCancelQuestion(task, command, target, decision);
    const consent = await this.#obtain({ request, caller, target, decision, found, entry, time, now: this.#clock.now() }, ask);
    if (consent.kind === 'asked') return consent;
    time.setOut();
    await this.#trail.sent(entry, consent.record);
    try {
      time.begin('change');
      const cancelled = await runner.cancel(taskId);
      await this.#trail.ended(entry, { outcome: isEnded(cancelled) ? cancelled.status : 'cancel_requested' });
      return cancelled;
    } catch (error) {
      await this.#trail.ended(entry, describeOutcome(error));
      throw error;
    }
  }

  /**
   * Records the end of a task, whichever process followed it. With `again`, an earlier process may have done so: a line that is there is not written
   * a second time. Throws when the line cannot be written.
   */
  async taskEnded(task: TaskRecord, { again = false }: { readonly again?: boolean } = {}): Promise<void> {
    const { targets } = this.#options;
    const named = targets.get(task.target);
    const isHere = task.origin === undefined || named?.origin === task.origin;
    const target = isHere ? named : [...targets.values()].find(({ origin }) => origin === task.origin);
    const command = target?.client.catalogue.find(task.command);
    if (!target || !command) return;
    const change = await this.#changes.settle(task, target);
    if (again && this.#trail.hasEnd(task)) return;
    const request = { command, args: task.argumentsMasked, target: task.target };
    const { taskId, status, error, reason, finding } = task;
    const said = error ?? reason;
    const decision: Decision = {
      kind: 'allow',
      ...judgeCall(command, task.argumentsMasked, { login: target.user, catalogue: target.client.catalogue }),
    };
    const entry = this.#trail.open(request, { client: TASK_END_CLIENT }, target, decision);
    await this.#trail.taskEnded({
      ...entry,
      task: taskId,
      outcome: status,
      ...(finding && { finding }),
      ...(change !== undefined && { change }),
      ...(said !== undefined && { error: said }),
    });
  }

  /** Decides on a call and finds its secrets. Throws MailStoreError when it is refused or a secret is not there. */
  async #admit(request: TaskCall, caller: Caller, time: CallTime): Promise<AdmittedCall> {
    const { command, args } = request;
    const target = this.#target(request.target);
    refuseTwins(toolName(command.name), args);
    const found = await this.#find(request, target, time.deadline);
    const decision = this.#decide(request, target, found);
    const entry = this.#trail.open(request, caller, target, decision);
    if (decision.kind === 'refuse') return this.#refuse(toolName(command.name), decision, target, entry);
    // Before a person is asked: no one should say yes to a call that cannot be sent.
    const secrets = await this.#findSecrets(request, entry);
    const call = { request, caller, target, decision, found, secrets, entry, time, now: this.#clock.now() };
    return time.deadline.isOver ? this.#refuseLate(call) : call;
  }

  /** Decides on a call. One that is refused even in its mildest form, for which nothing was read, is refused as that form. */
  #decide({ command, args }: TaskCall, target: GuardedTarget, found: Found): Decision {
    const mildest = mildestEffect(command);
    const decision = decide(command, args, target.access, this.#circumstances(target, found));
    if (!command.decidesFrom || allows(target.access, mildest) || 'toolset' in decision) return decision;
    return { kind: 'refuse', effect: mildest, risks: [], needed: neededAccess(mildest) };
  }

  get #clock(): Clock {
    return this.#options.clock ?? systemClock;
  }

  #circumstances({ user, client }: GuardedTarget, found: Found): Circumstances {
    return { found, login: user, groups: this.#options.groups, catalogue: client.catalogue };
  }

  async #refuse(
    tool: string,
    decision: Decision & { kind: 'refuse' },
    { name, access, hasOwnLimit }: GuardedTarget,
    entry: AuditEntry,
  ): Promise<never> {
    const refused = refusal(tool, decision, access, hasOwnLimit ? name : undefined);
    await this.#trail.refused(entry, refused);
    throw refused;
  }

  async #refuseToBegin({ request, entry }: AdmittedCall): Promise<never> {
    const refused = new MailStoreError('serverEnding', { tool: toolName(request.command.name) });
    await this.#trail.refused(entry, refused);
    throw refused;
  }

  async #findSecrets({ command, args }: TaskCall, entry: AuditEntry): Promise<Secrets> {
    try {
      const secrets = new Secrets(command, args, this.#options.secrets);
      for (const value of secrets.values) this.#options.redactor.add(value);
      for (const warning of secrets.warnings) this.#options.log.warn(warning);
      return secrets;
    } catch (error) {
      await this.#trail.noted(entry, describeOutcome(error));
      throw error;
    }
  }

  /** Reads what the decision depends on. What cannot be read is left out, so that the worst is assumed; so is what no decision would need. */
  async #find({ command, args }: TaskCall, target: GuardedTarget, deadline: Deadline): Promise<Found> {
    const { decidesFrom } = command;
    const isRefusedAnyway = !allows(target.access, mildestEffect(command)) || !this.#options.groups.includes(command.group);
    if (!decidesFrom || isRefusedAnyway) return {};
    const found = await Promise.all(
      Object.entries(decidesFrom).map(async ([name, search]): Promise<[string, unknown]> => {
        try {
          return [name, (await runSearch(target, search, { command, args }, { deadline })).value];
        } catch (error) {
          if (error instanceof MailStoreError) return [name, undefined];
          throw error;
        }
      }),
    );
    return Object.fromEntries(found);
  }

  /** Sends a permitted call. Files of generated secrets stay unless it is known that the call changed nothing. */
  async #execute(call: AdmittedCall, permit: Permit, onBegun: OnBegun): Promise<Answered> {
    const generated = call.decision.effect === 'read' ? undefined : call.secrets.store();
    try {
      const answered = await this.#send(call, permit, Object.values(generated ?? {}), onBegun);
      return { ...answered, ...(generated && { generated }) };
    } catch (error) {
      const mayHaveChanged = !(error instanceof MailStoreError) || error.mayHaveChanged;
      if (!mayHaveChanged) forgetGenerated(generated);
      throw mayHaveChanged && error instanceof MailStoreError && generated ? error.in({ keptFiles: Object.values(generated) }) : error;
    }
  }

  async #send(
    { request, target, caller, time }: AdmittedCall,
    permit: Permit,
    keptFiles: readonly string[],
    onBegun: OnBegun,
  ): Promise<Answered> {
    const { runner } = this.#options;
    const { client } = target;
    const { deadline } = time;
    const { signal } = caller;
    const kind = permit.effect === 'read' ? 'read' : 'change';
    if (request.command.longRunning) {
      time.begin(kind, keptFiles);
      return { kind: 'task', task: await runner.start(request, permit, { leftMs: deadline.leftMs(), onBegun }) };
    }
    const prepared = await client.prepare(permit, { deadline });
    time.begin(kind, keptFiles);
    // A change is aborted neither when its caller leaves nor when its time is over: only its answer says whether it was made.
    const outcome = await client.send(prepared, kind === 'read' ? { signal, deadline } : {});
    if (outcome.kind === 'value') {
      // The end of the call is not the finding of the work, also where the work took no time.
      const finding = readFinding({ messages: outcome.messages ?? [], statusText: outcome.progress.text, result: null });
      return { ...outcome, ...(finding && { finding }) };
    }
    return { kind: 'task', task: await runner.follow(request, outcome) };
  }

  /** Returns the target that is the archive of a change, also under another name. Throws MailStoreError when it is not configured. */
  #targetAt(change: Change): GuardedTarget {
    const found = this.#findTargetAt(change);
    if (!found) throw new MailStoreError('otherArchive', { number: change.number, origin: change.origin });
    return found;
  }

  /** The login of the change comes first; another one will do, since a change may have taken the first one's rights away. */
  #findTargetAt({ origin, login }: Change): GuardedTarget | undefined {
    const here = [...this.#options.targets.values()].filter((target) => target.origin === origin);
    return here.find(({ user }) => user === login) ?? here[0];
  }

  #target(name: string): GuardedTarget {
    const target = this.#options.targets.get(name);
    if (!target) throw new MailStoreError('unknownTarget', { target: name, known: [...this.#options.targets.keys()] });
    return target;
  }
}
