import { createInterface, type Interface } from 'node:readline/promises';
import { isTyped, type Person } from '../guard/person.ts';

/** Returns the person at this terminal; undefined where there is none, and nobody can be asked. Questions go to stderr: stdout may be a pipe. */
export function terminalPerson(): Person | undefined {
  const { stdin, stderr } = process;
  if (!stdin.isTTY || !stderr.isTTY) return undefined;
  return {
    channel: 'terminal',
    ask: async (question) => {
      stderr.write(`${question.shown}\n\n`);
      const terminal = createInterface({ input: stdin, output: stderr });
      try {
        const { typed } = question;
        const answer = await lineOf(terminal, typed === undefined ? 'Shall it be done? Type yes: ' : `Shall it be done? Type ${typed}: `);
        const isYes = typed === undefined ? answer.trim().toLowerCase() === 'yes' : isTyped(question, answer);
        return { kind: isYes ? 'yes' : 'no' };
      } finally {
        terminal.close();
      }
    },
  };
}

/** Asks for a line; an empty one where the terminal is closed instead, as by Ctrl-C: the question would never be answered. */
async function lineOf(terminal: Interface, prompt: string): Promise<string> {
  const closed = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  return Promise.race([terminal.question(prompt).catch(() => ''), closed]);
}
