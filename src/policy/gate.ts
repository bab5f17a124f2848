import type { Access } from '../base/target.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Command, Effect, Risk, Verdict, Arguments } from '../catalogue/define-command.ts';
import { toolName } from '../catalogue/naming.ts';
import { decide, type Circumstances, type Decision } from './decide.ts';

/** A person's yes to one call. The code that obtains it also checks what it was given to. */
export interface Yes {
  readonly given: true;
}

const PASSED = Symbol('passed');

/** The right to send one call with exactly these arguments. Only the gate hands it out, and a client sends nothing without. */
export class Permit {
  readonly command: Command;
  readonly args: Arguments;
  /** Private, so that no other object passes for a permit. */
  readonly #verdict: Verdict;

  constructor(command: Command, args: Arguments, verdict: Verdict, passed: typeof PASSED) {
    if (passed !== PASSED) throw new Error('only the gate hands out permits');
    this.command = command;
    this.args = args;
    this.#verdict = verdict;
  }

  get effect(): Effect {
    return this.#verdict.effect;
  }

  get risks(): readonly Risk[] {
    return this.#verdict.risks;
  }

  /** Throws unless the gate handed this permit out. */
  static check(permit: Permit): void {
    if (!(#verdict in permit)) throw new Error('only the gate hands out permits');
  }
}

interface Passing extends Circumstances {
  readonly access: Access;
  readonly yes?: Yes | undefined;
  /** The arguments that are sent, where these are not the ones that are judged: with its secrets in the place of references to them. */
  readonly sent?: Arguments;
}

/**
 * The one gate, directly in front of the wire. Throws MailStoreError `notAllowed` for what the access level does not cover, `toolsetOff` for a
 * command of a toolset that is not among `groups`, and `notConfirmed` for what needs a person's yes and has none.
 */
export function passGate(command: Command, args: Arguments, { access, yes, sent = args, ...circumstances }: Passing): Permit {
  const decision = decide(command, args, access, circumstances);
  const tool = toolName(command.name);
  if (decision.kind === 'refuse') throw refusal(tool, decision, access);
  if (decision.kind === 'ask' && !yes?.given) throw new MailStoreError('notConfirmed', { tool });
  return new Permit(command, sent, decision, PASSED);
}

/** Returns the error that says why a call is refused; `limitedTarget` names a target whose own setting keeps the access low. */
export function refusal(tool: string, decision: Decision & { kind: 'refuse' }, access: Access, limitedTarget?: string): MailStoreError {
  if ('toolset' in decision) return new MailStoreError('toolsetOff', { tool, toolset: decision.toolset });
  const { effect, needed } = decision;
  return new MailStoreError('notAllowed', { tool, effect, access, needed, ...(limitedTarget !== undefined && { limitedTarget }) });
}

/** Permits a read that this server makes on its own, such as the one that shows what a call will change. The toolset of the read does not matter. */
export function permitRead(command: Command, args: Arguments): Permit {
  return passGate(command, args, { access: 'read-only' });
}
