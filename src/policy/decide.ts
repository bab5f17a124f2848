import { isBounded } from '../base/keep-bounded.ts';
import type { Access } from '../base/target.ts';
import { parseAction } from '../base/action.ts';
import {
  RISKS,
  type ActionVerdict,
  type Command,
  type DecisionContext,
  type Effect,
  type Found,
  type Toolset,
  type Risk,
  type Verdict,
  type Arguments,
} from '../catalogue/define-command.ts';
import { hasOutsideReference } from '../catalogue/fields.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { allows, neededAccess } from './access.ts';

/** What a decision depends on in addition to command, arguments and access. */
export interface Circumstances {
  /** The catalogue in which stored actions are looked up; without it every action is judged by the worst that it can be. */
  readonly catalogue?: Pick<Catalogue, 'find'> | undefined;
  /** What the declaration's `decidesFrom` read. */
  readonly found?: Found | undefined;
  /** The login name that this server itself uses. */
  readonly login?: string | undefined;
  /** The toolsets that may be called; all of them where absent. */
  readonly groups?: readonly Toolset[] | undefined;
}

/** `ask` means: only with a person's yes to exactly this call. */
export type Decision = Verdict &
  (
    | { readonly kind: 'allow' }
    | { readonly kind: 'ask' }
    | { readonly kind: 'refuse'; readonly needed: Access }
    /** The toolset of the command is switched off. */
    | { readonly kind: 'refuse'; readonly toolset: Toolset }
  );

/** What is assumed of a call that cannot be judged. */
const WORST: Verdict = { effect: 'destructive', risks: RISKS };

/**
 * Decides whether a command may run with these parsed arguments. Pure and total: a command that no declaration knows is destructive with every
 * risk, and what depends on something that was not read is judged by the worst that it can be.
 */
export function decide(command: Command | undefined, args: Arguments, access: Access, circumstances: Circumstances = {}): Decision {
  const { groups } = circumstances;
  const verdict = judgeCall(command, args, circumstances);
  if (command && groups && !groups.includes(command.group)) return { kind: 'refuse', ...verdict, toolset: command.group };
  return decideVerdict(verdict, access);
}

/** Decides on a verdict that is known already. */
export function decideVerdict(verdict: Verdict, access: Access): Decision {
  const { effect, risks } = verdict;
  if (!allows(access, effect)) return { kind: 'refuse', ...verdict, needed: neededAccess(effect) };
  return { kind: effect === 'destructive' || risks.length > 0 ? 'ask' : 'allow', ...verdict };
}

/** The mildest that some arguments of the command can be; the list of tools is made from this. */
export function mildestEffect(command: Command): Effect {
  return command.effectRange?.[0] ?? command.effect;
}

/** The worst that any arguments of the command can do; annotations are made from this. */
export function worstEffect(command: Command): Effect {
  return command.effectRange?.[1] ?? command.effect;
}

/** Returns effect and risks of a call; the worst where the declaration cannot judge these arguments. */
export function judgeCall(command: Command | undefined, args: Arguments, { found = {}, login, catalogue }: Circumstances = {}): Verdict {
  if (!command) return WORST;
  const context: DecisionContext = { login, judgeAction: (action) => judgeAction(action, catalogue) };
  try {
    // What was kept of the arguments in part cannot be judged.
    if ([args, ...Object.values(args)].some(isBounded)) return WORST;
    const effect = command.effectOf?.(args, found, context) ?? command.effect;
    const possible: readonly Risk[] = command.risks ?? [];
    // A read changes nothing, and goes nowhere that a person has not chosen before.
    if (effect === 'read' || possible.length === 0) return { effect, risks: [] };
    const risks = new Set<Risk>([...(command.certainRisks ?? []), ...(command.risk?.(args, found, context) ?? possible)]);
    // What is read from a file or a variable leaves this machine for a place that the call, or one before it, has named.
    if (possible.includes('sends-data-out') && hasOutsideReference(args)) risks.add('sends-data-out');
    return { effect, risks: RISKS.filter((risk) => risks.has(risk)) };
  } catch {
    // Arguments that the declaration cannot judge were not parsed by it.
    return WORST;
  }
}

/**
 * Returns what a stored job action comes to: the worst that its command can do, since the server reads the arguments by its own rules. An action
 * that is not there, cannot be parsed, or that no declaration knows, is the worst.
 */
export function judgeAction(action: unknown, catalogue: Pick<Catalogue, 'find'> | undefined): ActionVerdict {
  const unknown: ActionVerdict = { ...WORST, protects: true };
  if (typeof action !== 'string') return unknown;
  try {
    const command = catalogue?.find(parseAction(action).command);
    if (!command) return unknown;
    return { effect: worstEffect(command), risks: possibleRisks(command), protects: command.protects === true };
  } catch {
    return unknown;
  }
}

/** The risks that every change by this command has, in the order of `RISKS`: all of its risks where no function judges the arguments. */
export function certainRisks(command: Command): readonly Risk[] {
  return command.risk ? RISKS.filter((risk) => command.certainRisks?.includes(risk)) : possibleRisks(command);
}

/** The risks that some arguments of the command can have, in the order of `RISKS`. */
export function possibleRisks(command: Command): readonly Risk[] {
  return RISKS.filter((risk) => command.risks?.includes(risk));
}
