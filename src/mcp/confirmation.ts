import { inputRequired, type InputRequiredResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { excerpt, MailStoreError } from '../base/errors.ts';
import type { ConsentStates } from '../guard/consent-states.ts';
import { isConfirmation, type Answer, type AskedQuestion, type Prompter } from '../guard/prompter.ts';
import type { Elicit, ElicitationContext } from './call-context.ts';

type RoundTrip = Exclude<ElicitationContext, { readonly elicit: unknown }>;

/** The one field of the form. */
const KEY = 'confirm';

const answerSchema = z.looseObject({ action: z.enum(['accept', 'decline', 'cancel']), content: z.unknown().optional() });

/** Asks the person at a client up to revision 2025-11-25: the server sends the question and waits for the answer. */
export class ElicitingPrompter implements Prompter {
  readonly channel = 'elicitation';
  readonly isPausable = true;
  readonly #elicit: Elicit;

  constructor(elicit: Elicit) {
    this.#elicit = elicit;
  }

  async ask(question: AskedQuestion, signal?: AbortSignal): Promise<Answer> {
    try {
      return readAnswer(question, await this.#elicit(formFor(question), signal));
    } catch (error) {
      return { kind: 'no_answer', reason: excerpt(error instanceof Error ? error.message : String(error)) };
    }
  }
}

/** Asks the person at a client since revision 2026-07-28: the question is the call's result, and the call is repeated with the answer. */
export class RoundTripPrompter implements Prompter {
  readonly channel = 'input_required';
  readonly answersByCall = true;
  readonly isPausable = true;
  readonly #context: RoundTrip;
  readonly #states: ConsentStates;
  #isRead = false;
  #question: InputRequiredResult | undefined;

  constructor(context: RoundTrip, states: ConsentStates) {
    this.#context = context;
    this.#states = states;
  }

  /** The question that is to go out. Throws when none was asked. */
  get question(): InputRequiredResult {
    if (!this.#question) throw new Error('nothing was asked');
    return this.#question;
  }

  get hasAnswer(): boolean {
    const { inputResponses, requestState } = this.#context;
    return inputResponses !== undefined || requestState !== undefined;
  }

  async ask(question: AskedQuestion): Promise<Answer> {
    const { inputResponses, requestState } = this.#context;
    if (this.#isRead || !this.hasAnswer) {
      this.#question = inputRequired({
        inputRequests: { [KEY]: inputRequired.elicit(formFor(question)) },
        requestState: this.#states.issue(question),
      });
      return { kind: 'asked' };
    }
    this.#isRead = true;
    const state = requestState === undefined ? undefined : await this.#states.redeem(question, requestState);
    if (!state) throw new MailStoreError('foreignAnswer', { tool: question.tool });
    const { prompt } = state;
    const answer = readAnswer(question, inputResponses?.[KEY]);
    if (answer.kind === 'accepted' || answer.kind === 'not_ticked') {
      if (state.promptKey !== question.promptKey) return { kind: 'outdated', prompt };
    }
    return { ...answer, prompt };
  }
}

/** Reads a client's answer. A field that is filled in another way than the form asks for is not ticked. */
function readAnswer(
  question: AskedQuestion,
  response: unknown,
): Extract<Answer, { kind: 'accepted' | 'declined' | 'cancelled' | 'not_ticked' | 'no_answer' }> {
  const answer = answerSchema.safeParse(response).data;
  if (!answer) return { kind: 'no_answer', reason: 'the client sent something that is no answer' };
  if (answer.action === 'decline') return { kind: 'declined' };
  if (answer.action === 'cancel') return { kind: 'cancelled' };
  const confirm = z.looseObject({ [KEY]: z.unknown().optional() }).safeParse(answer.content).data?.[KEY];
  const isYes =
    question.confirmationText === undefined ? confirm === true : typeof confirm === 'string' && isConfirmation(question, confirm);
  return { kind: isYes ? 'accepted' : 'not_ticked' };
}

function formFor({ prompt, label, confirmationText }: AskedQuestion) {
  return {
    message: prompt,
    requestedSchema: {
      type: 'object' as const,
      properties: {
        [KEY]:
          confirmationText === undefined
            ? { type: 'boolean' as const, title: label, description: 'Leave this off to cancel.', default: false }
            : {
                type: 'string' as const,
                title: `${label}: type ${confirmationText}`,
                description: 'Exactly as it is written here. Anything else cancels.',
              },
      },
      required: [KEY],
    },
  };
}
