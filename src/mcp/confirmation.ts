import { inputRequired, type InputRequiredResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { MailStoreError } from '../base/errors.ts';
import type { ConsentStates } from '../guard/consent-states.ts';
import { isTyped, type Answer, type AskedQuestion, type Person } from '../guard/person.ts';
import type { Asking } from './task-protocol.ts';

/** The one question of a call. */
const KEY = 'confirm';

const accepted = z.looseObject({ action: z.literal('accept'), content: z.looseObject({ confirm: z.union([z.boolean(), z.string()]) }) });

/** The person at an MCP client. A question leaves in place of the call's result, and the call comes again with the answer. */
export class PersonAtClient implements Person {
  readonly channel: Asking['channel'];
  readonly answersAnew = true;
  readonly #asking: Asking;
  readonly #states: ConsentStates;
  #question: InputRequiredResult | undefined;

  constructor(asking: Asking, states: ConsentStates) {
    this.channel = asking.channel;
    this.#asking = asking;
    this.#states = states;
  }

  /** The question that is to go out. Throws where none was put. */
  get question(): InputRequiredResult {
    if (!this.#question) throw new Error('nothing was asked');
    return this.#question;
  }

  async ask(question: AskedQuestion): Promise<Answer> {
    const { inputResponses, requestState } = this.#asking;
    if (inputResponses === undefined && requestState === undefined) {
      this.#question = inputRequired({ inputRequests: { [KEY]: form(question) }, requestState: this.#states.issue(question) });
      return { kind: 'asked' };
    }
    if (requestState === undefined || !this.#states.redeem(question, requestState)) {
      throw new MailStoreError('foreignAnswer', { tool: question.tool });
    }
    const answer = accepted.safeParse(inputResponses?.[KEY]);
    if (!answer.success) return { kind: 'no' };
    const { confirm } = answer.data.content;
    const isYes = question.typed === undefined ? confirm === true : typeof confirm === 'string' && isTyped(question, confirm);
    return { kind: isYes ? 'yes' : 'no' };
  }
}

function form({ shown, typed }: AskedQuestion) {
  return inputRequired.elicit({
    message: shown,
    requestedSchema: {
      type: 'object',
      properties: {
        [KEY]:
          typed === undefined
            ? { type: 'boolean', title: 'Run it', description: 'Whether this shall be done.', default: false }
            : { type: 'string', title: `Type ${typed} to run it`, description: 'Exactly as it stands here; anything else runs nothing.' },
      },
      required: [KEY],
    },
  });
}
