import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { isConfirmation, type Answer, type AskedQuestion, type Prompter } from '../../guard/prompter.ts';
import type { AnswerRequest, QuestionInfo } from './protocol.ts';

/** Digits and letters that a person does not mistake for one another. */
const CODE_ALPHABET = '23456789acdefhjkmnprtvwxy';
const CODE_LENGTH = 6;

/** After so many wrong codes this process takes no more yes: somebody is guessing. */
const MAX_WRONG_CODES = 5;

interface WaitingQuestion {
  readonly question: AskedQuestion;
  readonly code: string;
  readonly settle: (answer: Answer) => void;
}

/**
 * The questions that are on the page and wait for their answer. A yes takes a code that only the terminal of the tester shows, so that a program
 * that reaches the page cannot answer for a person.
 */
export class Questions {
  readonly #waiting = new Map<string, WaitingQuestion>();
  readonly #showCode: (code: string, question: AskedQuestion) => void;
  #wrongCodes = 0;

  /** `showCode` shows the code of a question where only a person at the terminal sees it. */
  constructor(showCode: (code: string, question: AskedQuestion) => void) {
    this.#showCode = showCode;
  }

  /** Returns the prompter of one call: `show` puts a question on the page, and `signal` says that the page is gone, which cancels. */
  prompter(show: (question: QuestionInfo) => void, signal: AbortSignal): Prompter {
    return {
      channel: 'tester',
      ask: (question, over) =>
        new Promise((resolve) => {
          const id = randomBytes(12).toString('base64url');
          const settle = (answer: Answer) => {
            signal.removeEventListener('abort', cancel);
            this.#waiting.delete(id);
            resolve(answer);
          };
          const cancel = () => settle({ kind: 'cancelled' });
          if (signal.aborted) {
            cancel();
            return;
          }
          const code = newCode();
          this.#waiting.set(id, { question, code, settle });
          signal.addEventListener('abort', cancel, { once: true });
          over?.addEventListener('abort', () => settle({ kind: 'no_answer' }), { once: true });
          this.#showCode(code, question);
          const { prompt, label, confirmationText } = question;
          show({ id, prompt, label, ...(confirmationText !== undefined && { confirmationText }) });
        }),
    };
  }

  /** Settles a question with what came from the page: the text that had to be typed or `yes`, with the code. False if none waits. */
  answer({ id, answer, code = '' }: AnswerRequest): boolean {
    const waiting = this.#waiting.get(id);
    if (!waiting) return false;
    waiting.settle({ kind: this.#read(waiting, answer, code) });
    return true;
  }

  #read({ question, code }: WaitingQuestion, answer: string, given: string): 'accepted' | 'declined' | 'not_ticked' {
    if (answer === '') return 'declined';
    const isYes = question.confirmationText === undefined ? answer === 'yes' : isConfirmation(question, answer);
    if (!isYes || this.#wrongCodes >= MAX_WRONG_CODES) return 'not_ticked';
    if (isSame(code, given.trim().toLowerCase())) return 'accepted';
    this.#wrongCodes += 1;
    return 'not_ticked';
  }
}

function newCode(): string {
  return Array.from({ length: CODE_LENGTH }, () => CODE_ALPHABET.charAt(randomInt(CODE_ALPHABET.length))).join('');
}

function isSame(code: string, given: string): boolean {
  const [a, b] = [Buffer.from(code), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}
