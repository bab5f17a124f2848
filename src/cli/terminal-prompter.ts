import { isTypedAsShown } from '../base/localise-numbers.ts';
import { MailStoreError } from '../base/errors.ts';
import { createInterface, type Interface } from 'node:readline/promises';
import { isConfirmation, type Answer, type AskedQuestion, type Prompter } from '../guard/prompter.ts';
import { readScreen } from './screen.ts';
import { wrapHanging } from './table.ts';

/**
 * Asks the person at this terminal until `ending` aborts; undefined if there is no terminal. Questions go to stderr, because stdout may be a pipe.
 */
export function terminalPrompter(ending?: AbortSignal): Prompter | undefined {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  return {
    channel: 'terminal',
    ask: async (question, signal) => {
      const { prompt, confirmationText } = question;
      const screen = readScreen(stderr);
      const shown = isTypedAsShown(confirmationText) ? prompt : screen.localise(prompt);
      // A terminal that does not say its width breaks lines by itself.
      stderr.write(
        `${shown
          .split('\n')
          .map((line) => `${wrapHanging(line, stderr.columns || undefined)}\n`)
          .join('')}\n`,
      );
      const terminal = createInterface({ input: stdin, output: stderr });
      try {
        const signals = [signal, ending].filter((one) => one !== undefined);
        const line = await readLine(terminal, promptFor(question), AbortSignal.any(signals));
        // What is said next has a line of its own.
        if (line === undefined) stderr.write('\n');
        return readAnswer(question, line);
      } finally {
        terminal.close();
      }
    },
  };
}

/** Asks the person at this terminal about something that is no call. Throws MailStoreError `noTerminal` where there is none. */
export async function confirmAtTerminal(what: string, { prompt, label }: Pick<AskedQuestion, 'prompt' | 'label'>): Promise<boolean> {
  const prompter = terminalPrompter();
  if (!prompter) throw new MailStoreError('noTerminal', { what });
  const { kind } = await prompter.ask({ tool: what, target: '', argumentsKey: '', promptKey: '', prompt, label });
  return kind === 'accepted';
}

function promptFor({ label, confirmationText = 'yes' }: AskedQuestion): string {
  return `${label}: type ${confirmationText} to confirm, or press Enter to cancel: `;
}

function readAnswer(question: AskedQuestion, line: string | undefined): Answer {
  if (line === undefined) return { kind: 'cancelled' };
  const text = line.trim();
  const isYes = question.confirmationText === undefined ? text.toLowerCase() === 'yes' : isConfirmation(question, text);
  if (isYes) return { kind: 'accepted' };
  return { kind: ['', 'n', 'no'].includes(text.toLowerCase()) ? 'declined' : 'not_ticked' };
}

/** Reads a line; undefined if the terminal is closed instead, as by Ctrl-C, or the time is over: the question would never be answered. */
async function readLine(terminal: Interface, prompt: string, signal: AbortSignal): Promise<string | undefined> {
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  return Promise.race([terminal.question(prompt, { signal }).catch(() => undefined), closed]);
}
