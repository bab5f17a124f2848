import { randomBytes } from 'node:crypto';
import { isTyped, type Answer, type AskedQuestion, type Person } from '../../guard/person.ts';
import type { QuestionInfo } from './protocol.ts';

interface Waiting {
  readonly question: AskedQuestion;
  readonly settle: (answer: Answer) => void;
}

/** The questions that are on the page and wait for their answer. */
export class Questions {
  readonly #waiting = new Map<string, Waiting>();

  /** Returns the person at the page behind one call: `show` puts a question on it, and `signal` says that the page is gone, which is a no. */
  person(show: (question: QuestionInfo) => void, signal: AbortSignal): Person {
    return {
      channel: 'tester',
      ask: (question) =>
        new Promise((resolve) => {
          const id = randomBytes(12).toString('base64url');
          const settle = (answer: Answer) => {
            this.#waiting.delete(id);
            resolve(answer);
          };
          const refuse = () => settle({ kind: 'no' });
          if (signal.aborted) {
            refuse();
            return;
          }
          this.#waiting.set(id, { question, settle });
          signal.addEventListener('abort', refuse, { once: true });
          show({ id, shown: question.shown, ...(question.typed !== undefined && { typed: question.typed }) });
        }),
    };
  }

  /** Settles a question with what came from the page: the name that had to be typed or `yes`; anything else is a no. False where none waits. */
  answer(id: string, text: string): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    const { question, settle } = waiting;
    const isYes = question.typed === undefined ? text === 'yes' : isTyped(question, text);
    settle({ kind: isYes ? 'yes' : 'no' });
    return true;
  }
}
