import { MailStoreError } from '../base/errors.ts';
import { readErrno } from '../base/errno.ts';
import { sayError } from './exit-codes.ts';

/**
 * Ends the program where its stdout cannot be written: quietly when the reader has closed the pipe, as `| head` does, and else with a
 * sentence and the exit code 1. A stderr that is closed changes nothing.
 */
export function watchOutput(): void {
  const { stdout, stderr } = process;
  let fault: Error | null = null;
  stderr.on('error', () => undefined);
  stdout.on('error', (error: Error) => {
    fault = error;
    // Where an interruption leaves what goes on in good order, so does this.
    if (process.listenerCount('SIGINT') > 0) process.emit('SIGINT');
    else process.exit(0);
  });
  // A program that is done exits before its streams have reported their errors.
  process.on('exit', () => {
    const error = fault ?? stdout.errored;
    if (!error || readErrno(error) === 'EPIPE') return;
    sayError(new MailStoreError('outputNotWritten', { reason: readErrno(error) ?? error.message }));
    process.exitCode = 1;
  });
}
