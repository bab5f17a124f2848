import type { Access } from '../base/target.ts';
import { parseAction } from '../catalogue/action.ts';
import type { Command, Effect } from '../catalogue/define-command.ts';
import { findCommand } from '../../tools/index.ts';
import { allows, neededAccess } from './access.ts';

/** `ask` means: only with a person's yes to exactly this call. */
export type Decision =
  | { readonly kind: 'allow'; readonly effect: Effect }
  | { readonly kind: 'ask'; readonly effect: Effect }
  | { readonly kind: 'refuse'; readonly effect: Effect; readonly needed: Access };

/**
 * Decides whether a command may run with these parsed arguments; `stored` is what the declaration's `effectFrom` read. Pure and total: a
 * command that no declaration knows is destructive, and so is what depends on something that was not read.
 */
export function decide(command: Command | undefined, args: Readonly<Record<string, unknown>>, access: Access, stored?: unknown): Decision {
  const effect = command ? effectOfCall(command, args, stored) : 'destructive';
  if (!allows(access, effect)) return { kind: 'refuse', effect, needed: neededAccess(effect) };
  return { kind: effect === 'destructive' ? 'ask' : 'allow', effect };
}

/** The mildest that some arguments of the command can be; the list of tools is made from this. */
export function mildestEffect(command: Command): Effect {
  return command.effectRange?.[0] ?? command.effect;
}

/** The worst that any arguments of the command can do; annotations are made from this. */
export function worstEffect(command: Command): Effect {
  return command.effectRange?.[1] ?? command.effect;
}

/** Returns the effect of a call: the declaration's own word on these arguments, else that of the command. */
export function effectOfCall(command: Command, args: Readonly<Record<string, unknown>>, stored?: unknown): Effect {
  try {
    return command.effectOf?.(args, effectOfAction, stored) ?? command.effect;
  } catch {
    // Arguments that the declaration cannot judge were not parsed by it.
    return worstEffect(command);
  }
}

/** Returns the effect of a stored job action; one that is not there, cannot be parsed, or that no declaration knows, is destructive. */
export function effectOfAction(action: unknown): Effect {
  if (typeof action !== 'string') return 'destructive';
  try {
    const command = findCommand(parseAction(action).command);
    // An action's arguments are text that the server reads by its own rules, so only the worst case is safe to assume.
    return command ? worstEffect(command) : 'destructive';
  } catch {
    return 'destructive';
  }
}
