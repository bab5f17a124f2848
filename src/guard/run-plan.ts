import type { Arguments } from '../catalogue/define-command.ts';
import { createHash } from 'node:crypto';
import * as z from 'zod';
import { MailStoreError } from '../base/errors.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Plan, Planned, PlanStep } from '../catalogue/define-plan.ts';
import { callerShape } from '../catalogue/fields.ts';
import { MASK } from '../masking/masks.ts';
import type { Decision } from '../policy/decide.ts';
import type { TaskCall } from '../tasks/runner.ts';
import type { Answered, ObjectState } from './call.ts';
import { CallTime } from './call-time.ts';
import { runInsight, type InsightParts } from './run-insight.ts';

/** A step with what the policy says of it and what has to be known before it runs. */
export interface PreparedStep extends PlanStep {
  readonly tool: string;
  readonly request: TaskCall;
  readonly decision: Decision;
  readonly cautions: readonly string[];
  /** The object of the step; undefined where its declaration names no read of it. */
  readonly before: ObjectState | undefined;
}

export interface PreparedPlan extends Omit<Planned, 'steps' | 'basis'> {
  readonly plan: Plan;
  readonly args: Arguments;
  readonly target: string;
  readonly steps: readonly PreparedStep[];
  /** A digest of everything that the plan rests on and does: another one is another plan. */
  readonly digest: string;
}

/** The outcome of one step. */
export interface StepOutcome {
  readonly step: PreparedStep;
  readonly answered: Answered;
}

/** The outcome of a plan that ran. */
export interface PlanOutcome {
  readonly prepared: PreparedPlan;
  readonly done: readonly StepOutcome[];
  /** The step at which it stopped, with the reason. */
  readonly failed?: { readonly step: PreparedStep; readonly error: MailStoreError };
  readonly notDone: readonly PreparedStep[];
}

/** How far a plan has come while it runs. */
export interface PlanProgress {
  readonly done: StepOutcome[];
  running?: { readonly step: PreparedStep; readonly time: CallTime };
}

/** Returns the outcome of a plan that stops at the step that is running, or before the one after it where that step is done. */
export function stopPlan(prepared: PreparedPlan, { done, running }: PlanProgress, error: MailStoreError): PlanOutcome {
  const { steps } = prepared;
  const isDone = done.at(-1)?.step === running?.step;
  const at = running ? steps.indexOf(running.step) + (isDone ? 1 : 0) : 0;
  const step = steps[at];
  if (!step) return { prepared, done: [...done], notDone: [] };
  const reason = isDone && running ? new CallTime(step.tool, running.time.deadline).late() : error;
  return { prepared, done: [...done], failed: { step, error: reason }, notDone: steps.slice(at + 1) };
}

/**
 * Reads what a plan rests on and returns its steps. Throws MailStoreError `planImpossible` when there is nothing to plan, or a read failed: a plan
 * from half of what it rests on would leave the other half behind.
 */
export async function readPlan(plan: Plan, args: Arguments, parts: InsightParts & { readonly catalogue: Catalogue }): Promise<Planned> {
  let planned: Planned | undefined;
  let impossible: string | undefined;
  const { failedReads, notLookedAt } = await runInsight(
    {
      name: plan.name,
      title: plan.title,
      summary: plan.summary,
      input: plan.input,
      reads: plan.reads,
      examples: plan.examples,
      answer: async (given, reader) => {
        const found = await plan.prepare(given, reader);
        if ('impossible' in found) impossible = found.impossible;
        else planned = found;
        return { headline: '', data: {}, notLookedAt: [] };
      },
    },
    args,
    parts,
  );
  const [failed] = failedReads;
  if (impossible === undefined && failed) impossible = `${failed.tool} could not be read (${failed.reason}).`;
  if (impossible !== undefined || !planned)
    throw new MailStoreError('planImpossible', { tool: plan.name, reason: impossible ?? 'Nothing was found.' });
  return { ...planned, notes: [...planned.notes, ...notLookedAt] };
}

/** A plan of more steps is not reviewed by a person, and each step is judged by reads of its own. */
const MAX_STEPS = 100;

/**
 * Throws MailStoreError `planImpossible` for a plan that is too long to be reviewed, or that would write back a mask that a read showed in the place
 * of a secret: that is refused before the first step, and not at the one that has it.
 */
export function refusePlan({ name: tool }: Plan, steps: readonly PlanStep[]): void {
  const count = steps.length;
  if (count > MAX_STEPS) {
    const reason = `It would take ${count} steps, and a person reviews ${MAX_STEPS} at most; ask for less at once.`;
    throw new MailStoreError('planImpossible', { tool, reason });
  }
  const masked = steps.find(({ args }) => JSON.stringify(args).includes(MASK));
  if (masked) {
    const reason = `The step ${masked.command} would write ${MASK}, since what MailStore says has the text of a secret in it, which is not shown.`;
    throw new MailStoreError('planImpossible', { tool, reason });
  }
}

/** Throws MailStoreError `planImpossible` for a plan of which a step takes the login of this server before the last: the later ones could not run. */
export function refuseLockOut({ name: tool }: Plan, steps: readonly PreparedStep[], login: string): void {
  const step = steps.slice(0, -1).find(({ decision }) => decision.risks.includes('locks-out'));
  if (!step) return;
  const reason = `The step "${step.does}" can take the login of this server (${login}), and then no later step could run; plan it with another administrator's login.`;
  throw new MailStoreError('planImpossible', { tool, reason });
}

/** Returns a step as the call that it is. Throws MailStoreError for a command that the archive does not have. */
export function toCall(catalogue: Catalogue, { command: name, args }: PlanStep, target: string): TaskCall {
  const command = catalogue.find(name);
  if (!command) throw new MailStoreError('unknownCommand', { command: name });
  return { command, args: z.strictObject(callerShape(command.input)).parse(args), target };
}

/** Returns what a plan id is bound to: the archive, the login, the arguments, the steps as they are judged, and what they rest on. */
export function digestPlan(
  { name }: Plan,
  args: Arguments,
  { origin, user }: { readonly origin: string; readonly user: string },
  steps: readonly Pick<PreparedStep, 'command' | 'args' | 'decision'>[],
  basis: unknown,
): string {
  const judged = steps.map(({ command, args: given, decision: { kind, effect, risks } }) => [command, given, kind, effect, risks]);
  return createHash('sha256')
    .update(JSON.stringify([name, args, origin, user, judged, basis ?? null]))
    .digest('hex');
}

/** True for two steps of which one may change what the other reads: the same object, or a list in which both are. */
export function isRelated(one: PreparedStep, other: PreparedStep): boolean {
  const [first, second] = [one, other].map(
    ({ request: { command, args } }) => command.before && { ...command.before, asked: command.before.args?.(args) },
  );
  if (!first || !second || first.read !== second.read) return false;
  return first.asked === undefined || second.asked === undefined || JSON.stringify(first.asked) === JSON.stringify(second.asked);
}

/** True unless a decision asks for more than one that was shown. */
export function isCovered(now: Decision, shown: Decision): boolean {
  if (now.kind === 'refuse') return true;
  const order = ['read', 'write', 'destructive'];
  return order.indexOf(now.effect) <= order.indexOf(shown.effect) && now.risks.every((risk) => shown.risks.includes(risk));
}
