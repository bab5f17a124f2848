import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { CONSENT_MS, CONSENT_TIME } from '../base/limits.ts';
import type { AuditEntry } from '../audit/audit-record.ts';
import type { ReadValue } from '../client/client.ts';
import type { ApprovalJournal } from '../journal/approval-journal.ts';
import type { AuditTrail, ConsentRecord } from './audit-trail.ts';
import type { AdmittedCall, Asked } from './call.ts';
import type { Answer, AskedQuestion, Prompter, Refusal } from './prompter.ts';
import { renderQuestion, withChanges, type RenderedQuestion } from './question.ts';

/** A yes to one call, or that none is needed. */
export interface ObtainedYes {
  readonly kind: 'yes';
  /** What the audit records of it; absent if no yes was needed. */
  readonly record?: ConsentRecord;
  /** The object of the call as the last read for the question found it. */
  readonly before?: ReadValue | undefined;
  /** What the question warned of; absent if none was asked. */
  readonly cautions?: readonly string[];
}

export interface ConsentOptions {
  readonly approvals: ApprovalJournal;
  readonly trail: AuditTrail;
  /** Measures how long a question waits for its answer. */
  readonly clock: Clock;
  /** Returns the command line that grants an approval. */
  readonly approveCommand: (approvalId: string) => string;
}

/** A call, or the cancellation of one. */
export type AskableCall = Omit<AdmittedCall, 'secrets'>;

/** Renders the question about a call from fresh reads. */
export type Render = (call: AskableCall) => Promise<RenderedQuestion>;

/** How often a question is asked again in one call because what it showed has changed. */
const MAX_ROUNDS = 3;

const BECAUSE: Readonly<Record<Exclude<Refusal, 'declined'>, string>> = {
  cancelled: 'the question was closed without an answer',
  not_ticked: 'the answer came without the confirmation that the question asks for',
  no_answer: 'the question was not answered',
};

/**
 * Obtains a person's yes. A yes is bound to everything that was shown, except values that drift: the question is rendered from fresh reads directly
 * before the call runs, and if it reads differently nothing runs and it is asked again.
 */
export class Consent {
  readonly #options: ConsentOptions;
  /** Ends with the latest question that was put by elicitation. */
  #lastQuestion: Promise<void> = Promise.resolve();

  constructor(options: ConsentOptions) {
    this.#options = options;
  }

  /** Returns a yes to this call, or that the question is on its way. Throws MailStoreError when there is no yes. */
  async obtain(call: AskableCall, render: Render = renderQuestion): Promise<ObtainedYes | Asked> {
    if (call.decision.kind === 'allow') return { kind: 'yes' };
    const rendered = await render(call);
    const { approvals, trail } = this.#options;
    const granted = await approvals.consume(rendered.question);
    if (!granted) return this.#ask(call, rendered, render);
    const { approvalId, prompt, isValid } = granted;
    if (isValid)
      return {
        kind: 'yes',
        record: { channel: 'approval', answer: 'accepted', prompt, approvalId },
        before: rendered.before,
        cautions: rendered.cautions,
      };
    await trail.prompted(call.entry, { channel: 'approval', answer: 'invalid', prompt, approvalId }, 'What was shown has changed.');
    return this.#ask(call, { ...rendered, question: withChanges(rendered.question, prompt) }, render);
  }

  /** Asks the person at the client if there is one, and else requests an approval. */
  async #ask(call: AskableCall, rendered: RenderedQuestion, render: Render): Promise<ObtainedYes | Asked> {
    const { prompter } = call.caller;
    if (!prompter) return this.#requestApproval(call, rendered, 'unavailable', 'this client cannot ask a person');
    if (!prompter.isPausable || prompter.answersByCall) return this.#askNow(call, prompter, rendered, render);
    // One question at a time, as a person answers them: else many at once would be put before the first refusal counts.
    const before = this.#lastQuestion;
    const asking = call.time.deadline.suspend(() => before).then(() => this.#askNow(call, prompter, rendered, render));
    this.#lastQuestion = asking.then(
      () => undefined,
      () => undefined,
    );
    return asking;
  }

  async #askNow(call: AskableCall, prompter: Prompter, rendered: RenderedQuestion, render: Render): Promise<ObtainedYes | Asked> {
    const pause = prompter.isPausable && !prompter.hasAnswer && (await this.#options.approvals.findPause(rendered.question));
    if (pause) {
      const what = pause.of === 'kind' ? 'three questions of this kind' : 'six questions, of any kind,';
      const because = `${what} got no yes within ${CONSENT_TIME}, so none is asked until ${new Date(pause.until).toISOString().slice(11, 16)} UTC`;
      return this.#requestApproval(call, rendered, 'paused', because);
    }
    let current = rendered;
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      const { question } = current;
      const answer = await this.#prompt(call, prompter, current);
      const { kind, prompt = question.prompt } = answer;
      const record = { channel: prompter.channel, answer: 'accepted', prompt } as const;
      if (prompter.answersByCall && (kind === 'accepted' || kind === 'outdated')) await this.#options.approvals.forgetRefusal(question);
      if (kind === 'asked') {
        // The answer comes with a call of its own, or never: until then it is a question without a yes.
        await this.#options.approvals.countRefusal(question);
        await this.#options.trail.prompted(call.entry, { ...record, answer: 'asked' });
        return { kind: 'asked' };
      }
      if (kind !== 'accepted' && kind !== 'outdated') return this.#end(call, current, prompter, { ...answer, kind, prompt });
      const fresh = kind === 'outdated' || prompter.answersByCall ? current : await render(call);
      if (kind === 'accepted' && fresh.question.promptKey === question.promptKey)
        return { kind: 'yes', record, before: fresh.before, cautions: fresh.cautions };
      await this.#options.trail.prompted(call.entry, { ...record, answer: 'invalid' }, 'What was shown has changed.');
      current = { ...fresh, question: withChanges(fresh.question, prompt) };
    }
    throw new MailStoreError('keepsChanging', { tool: rendered.question.tool });
  }

  async #prompt(
    { entry, time }: AskableCall,
    prompter: Prompter,
    { question }: RenderedQuestion,
  ): Promise<{ readonly prompt?: string } & Answer> {
    try {
      return await time.deadline.suspend(() => this.#waitForAnswer(prompter, question));
    } catch (error) {
      const record = { channel: prompter.channel, answer: 'invalid', prompt: question.prompt } as const;
      if (isError(error, 'foreignAnswer')) await this.#options.trail.prompted(entry, record, error.message);
      throw error;
    }
  }

  /** Returns the answer of a person, or after ten minutes that there is none. */
  async #waitForAnswer(prompter: Prompter, question: AskedQuestion): Promise<Answer> {
    const [over, answered] = [new AbortController(), new AbortController()];
    const late = this.#options.clock.sleep(CONSENT_MS, answered.signal).then(
      () => over.abort(),
      () => undefined,
    );
    try {
      const answer = await Promise.race([prompter.ask(question, over.signal), late]);
      return answer ?? { kind: 'no_answer', reason: `${CONSENT_MS / 60_000} minutes have passed` };
    } finally {
      answered.abort();
    }
  }

  /** Ends a call that got another answer than a yes. */
  async #end(
    call: AskableCall,
    rendered: RenderedQuestion,
    { channel, isPausable, answersByCall }: Prompter,
    { kind, prompt, reason }: { readonly kind: Refusal; readonly prompt: string; readonly reason?: string },
  ): Promise<never> {
    const { tool } = rendered.question;
    if (isPausable && !answersByCall) await this.#options.approvals.countRefusal(rendered.question);
    if (kind !== 'declined') {
      const because = reason === undefined ? BECAUSE[kind] : `${BECAUSE[kind]} (${reason})`;
      return this.#requestApproval(call, rendered, kind, because, { channel, prompt });
    }
    const refused = new MailStoreError('declined', { tool });
    await this.#options.trail.prompted(call.entry, { channel, answer: kind, prompt }, refused.message);
    throw refused;
  }

  /** Fails with the id of an approval that a person can grant outside of the conversation. */
  async #requestApproval(
    { entry }: AskableCall,
    { question }: RenderedQuestion,
    answer: ConsentRecord['answer'],
    because: string,
    asked: Pick<ConsentRecord, 'channel' | 'prompt'> = { channel: 'none', prompt: question.prompt },
  ): Promise<never> {
    const { trail, approveCommand } = this.#options;
    const { tool } = question;
    const approvalId = await this.#newApproval(entry, question, { ...asked, answer });
    const refused = new MailStoreError('needsApproval', { tool, because, command: approveCommand(approvalId) });
    await trail.prompted(entry, { ...asked, answer, approvalId }, refused.message);
    throw refused;
  }

  /** Returns the id of a pending approval. Throws MailStoreError when too many are pending. */
  async #newApproval(entry: AuditEntry, question: AskedQuestion, record: ConsentRecord): Promise<string> {
    try {
      const { approvalId } = await this.#options.approvals.request(question);
      return approvalId;
    } catch (error) {
      if (error instanceof MailStoreError) await this.#options.trail.prompted(entry, record, error.message);
      throw error;
    }
  }
}
