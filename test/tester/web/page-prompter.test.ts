import { describe, expect, test } from 'vitest';
import type { Answer, AskedQuestion } from '../../../src/guard/prompter.ts';
import { Questions } from '../../../src/tester/web/page-prompter.ts';
import type { QuestionInfo } from '../../../src/tester/web/protocol.ts';

const plain: AskedQuestion = {
  tool: 'delete_user',
  target: 'default',
  argumentsKey: 'k',
  promptKey: 'p',
  prompt: 'Delete user amira?',
  label: 'Delete amira',
};
const named: AskedQuestion = { ...plain, confirmationText: 'Store 2024' };

interface Page {
  readonly questions: Questions;
  /** The codes that the terminal has shown. */
  readonly codes: readonly string[];
  ask(question: AskedQuestion): { readonly shown: QuestionInfo; readonly answer: Promise<Answer>; close(): void; end(): void };
}

function openPage(): Page {
  const codes: string[] = [];
  const questions = new Questions((code) => codes.push(code));
  return {
    questions,
    codes,
    ask: (question) => {
      const [page, late] = [new AbortController(), new AbortController()];
      const put: QuestionInfo[] = [];
      const answer = questions.prompter((shown) => put.push(shown), page.signal).ask(question, late.signal);
      const [shown] = put;
      if (!shown) throw new Error('nothing is on the page');
      return { shown, answer, close: () => page.abort(), end: () => late.abort() };
    },
  };
}

describe('a question on the tester’s page', () => {
  test.each<[string, AskedQuestion, string, Answer['kind']]>([
    ['yes', plain, 'yes', 'accepted'],
    ['nothing', plain, '', 'declined'],
    ['another word', plain, 'Yes please', 'not_ticked'],
    ['the name that had to be typed', named, ' Store 2024 ', 'accepted'],
    ['yes where a name had to be typed', named, 'yes', 'not_ticked'],
    ['the name in other letters', named, 'store 2024', 'not_ticked'],
    ['nothing where a name had to be typed', named, '', 'declined'],
  ])('a question on the tester’s page with the code and %s ends as it should', async (_name, question, text, kind) => {
    const { questions, codes, ask } = openPage();
    const { shown, answer } = ask(question);
    expect(questions.answer({ id: shown.id, answer: text, code: ` ${codes[0]?.toUpperCase()} ` })).toBe(true);
    expect(await answer).toEqual({ kind });
  });

  test.each([
    ['no code', undefined],
    ['a wrong code', 'zzzzzz'],
  ])('takes no yes with %s, and the code is not part of what the page gets', async (_name, code) => {
    const { questions, codes, ask } = openPage();
    const { shown, answer } = ask(plain);
    expect(JSON.stringify(shown)).not.toContain(codes[0]);
    questions.answer({ id: shown.id, answer: 'yes', code });
    expect(await answer).toEqual({ kind: 'not_ticked' });
  });

  test('takes no yes any more after five wrong codes', async () => {
    const { questions, codes, ask } = openPage();
    for (let attempt = 0; attempt < 5; attempt += 1) questions.answer({ id: ask(plain).shown.id, answer: 'yes', code: 'zzzzzz' });
    const { shown, answer } = ask(plain);
    questions.answer({ id: shown.id, answer: 'yes', code: codes[5] });
    expect(await answer).toEqual({ kind: 'not_ticked' });
  });

  test('shows the whole text, the act and what has to be typed', () => {
    expect(openPage().ask(named).shown).toEqual({
      id: expect.stringMatching(/^[\w-]{16}$/) as string,
      prompt: 'Delete user amira?',
      label: 'Delete amira',
      confirmationText: 'Store 2024',
    });
  });

  test('is cancelled when the page is closed, before the question or after it', async () => {
    const { answer, close } = openPage().ask(plain);
    close();
    expect(await answer).toEqual({ kind: 'cancelled' });
    const late = new Questions(() => undefined).prompter(() => undefined, AbortSignal.abort());
    expect(await late.ask(plain, new AbortController().signal)).toEqual({ kind: 'cancelled' });
  });

  test('ends without an answer when the time for one is over, and takes none any more', async () => {
    const { questions, codes, ask } = openPage();
    const { shown, answer, end } = ask(plain);
    end();
    expect(await answer).toEqual({ kind: 'no_answer' });
    expect(questions.answer({ id: shown.id, answer: 'yes', code: codes[0] })).toBe(false);
  });

  test('is answered once, and one that was never asked is not', async () => {
    const { questions, codes, ask } = openPage();
    const { shown, answer } = ask(plain);
    const [code] = codes;
    expect(questions.answer({ id: 'another', answer: 'yes', code })).toBe(false);
    expect(questions.answer({ id: shown.id, answer: '' })).toBe(true);
    expect(questions.answer({ id: shown.id, answer: 'yes', code })).toBe(false);
    expect(await answer).toEqual({ kind: 'declined' });
  });
});
