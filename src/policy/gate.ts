import type { Access } from '../base/target.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Command, Effect } from '../catalogue/define-command.ts';
import { toolName } from '../catalogue/naming.ts';
import { decide } from './decide.ts';

export type Arguments = Readonly<Record<string, unknown>>;

/** A person's yes to one call; what it was given to is checked by whoever obtained it. */
export interface Yes {
  readonly given: true;
}

const PASSED = Symbol('passed');

/** The right to send one call with exactly these arguments. Only the gate hands it out, and a client sends nothing without. */
export class Permit {
  readonly command: Command;
  readonly args: Arguments;
  /** Private, so that no other object passes for a permit. */
  readonly #effect: Effect;

  constructor(command: Command, args: Arguments, effect: Effect, passed: typeof PASSED) {
    if (passed !== PASSED) throw new Error('only the gate hands out permits');
    this.command = command;
    this.args = args;
    this.#effect = effect;
  }

  get effect(): Effect {
    return this.#effect;
  }

  /** Throws unless the gate handed this permit out. */
  static check(permit: Permit): void {
    if (!(#effect in permit)) throw new Error('only the gate hands out permits');
  }
}

/**
 * The one gate, directly in front of the wire. Throws MailStoreError `notAllowed` for what the access level does not cover, and `notConfirmed`
 * for what needs a person's yes and has none.
 */
export function passGate(
  command: Command,
  args: Arguments,
  { access, stored, yes }: { readonly access: Access; readonly stored?: unknown; readonly yes?: Yes | undefined },
): Permit {
  const decision = decide(command, args, access, stored);
  const tool = toolName(command.name);
  if (decision.kind === 'refuse') {
    throw new MailStoreError('notAllowed', { tool, effect: decision.effect, access, needed: decision.needed });
  }
  if (decision.kind === 'ask' && !yes?.given) throw new MailStoreError('notConfirmed', { tool });
  return new Permit(command, args, decision.effect, PASSED);
}

/** Lets a read through that this server makes on its own, such as the one that shows what a call will change. */
export function permitRead(command: Command, args: Arguments): Permit {
  return passGate(command, args, { access: 'read-only' });
}
