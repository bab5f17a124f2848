import { completeAction } from './complete-action.ts';
import { completeTimes, type TimesOfCall } from './complete-times.ts';
import type { Arguments, Command } from './define-command.ts';
import { fieldTraits } from './fields.ts';

/** The values of arguments that a call leaves out, and what its texts are read by. */
export interface CallDefaults extends TimesOfCall {
  /** The login name that this server uses; undefined where the target is not known. */
  readonly login: string | undefined;
  /** The commands that a job may run. */
  readonly commands: readonly Command[];
}

/**
 * Completes the arguments of a call before they are checked: times and their zone, the login in use, and the action of a job. Throws MailStoreError
 * `invalidArguments` for what cannot be completed.
 */
export function completeArguments(tool: string, command: Command, args: Arguments, { login, commands, ...times }: CallDefaults): Arguments {
  const owner = Object.keys(command.input).find((name) => {
    const schema = command.input[name];
    return schema !== undefined && fieldTraits(schema).isLogin === true && args[name] === undefined;
  });
  const owned = owner === undefined || login === undefined ? args : { ...args, [owner]: login };
  return completeTimes(tool, command, completeAction(tool, command, owned, commands), times);
}
