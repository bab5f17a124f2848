import { describe, expect, test } from 'vitest';
import type { Answer, AskedQuestion } from '../../../src/guard/person.ts';
import { Questions } from '../../../src/tester/web/page-person.ts';
import type { QuestionInfo } from '../../../src/tester/web/protocol.ts';

const plain: AskedQuestion = { tool: 'delete_user', target: 'default', key: 'k', shown: 'What: user amira' };
const named: AskedQuestion = { ...plain, typed: 'Store 2024' };

/** Puts a question, as a call does, and returns what is on the page and what comes of it. */
function ask(question: AskedQuestion): {
  readonly questions: Questions;
  readonly shown: QuestionInfo;
  readonly answer: Promise<Answer>;
  close(): void;
} {
  const questions = new Questions();
  const page = new AbortController();
  const put: QuestionInfo[] = [];
  const answer = questions.person((shown) => put.push(shown), page.signal).ask(question);
  const [shown] = put;
  if (!shown) throw new Error('nothing was put on the page');
  return { questions, shown, answer, close: () => page.abort() };
}

describe('the person at the page', () => {
  test.each<[string, AskedQuestion, string, Answer['kind']]>([
    ['yes', plain, 'yes', 'yes'],
    ['nothing', plain, '', 'no'],
    ['another word', plain, 'Yes please', 'no'],
    ['the name that had to be typed', named, ' Store 2024 ', 'yes'],
    ['yes where a name had to be typed', named, 'yes', 'no'],
    ['the name in other letters', named, 'store 2024', 'no'],
    ['nothing where a name had to be typed', named, '', 'no'],
  ])('answers %s', async (_name, question, text, kind) => {
    const { questions, shown, answer } = ask(question);
    expect(questions.answer(shown.id, text)).toBe(true);
    expect(await answer).toEqual({ kind });
  });

  test('sees the whole question and what has to be typed', () => {
    const { shown } = ask(named);
    expect(shown).toEqual({ id: expect.stringMatching(/^[\w-]{16}$/) as string, shown: 'What: user amira', typed: 'Store 2024' });
  });

  test('says no by leaving, before the question or after it', async () => {
    const { answer, close } = ask(plain);
    close();
    expect(await answer).toEqual({ kind: 'no' });
    const late = new Questions().person(() => undefined, AbortSignal.abort());
    expect(await late.ask(plain)).toEqual({ kind: 'no' });
  });

  test('answers a question once, and no question that was never put', async () => {
    const { questions, shown, answer } = ask(plain);
    expect(questions.answer('another', 'yes')).toBe(false);
    expect(questions.answer(shown.id, 'no')).toBe(true);
    expect(questions.answer(shown.id, 'yes')).toBe(false);
    expect(await answer).toEqual({ kind: 'no' });
  });
});
