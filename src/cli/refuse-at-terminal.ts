import { isError, MailStoreError } from '../base/errors.ts';

/** Returns the error that a terminal shows for `what`: a refusal by the access level names the option that allows it; any other stays as it is. */
export function refuseAtTerminal(error: unknown, what: string): unknown {
  return isError(error, 'notAllowed') ? new MailStoreError('callNotAllowed', { ...error.details, command: what }) : error;
}
