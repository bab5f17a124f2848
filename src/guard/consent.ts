import { isError, MailStoreError } from '../base/errors.ts';
import type { ReadValue } from '../client/client.ts';
import type { ApprovalJournal } from '../journal/approval-journal.ts';
import type { AuditTrail, ConsentRecord } from './audit-trail.ts';
import type { AdmittedCall, Asked } from './call.ts';
import type { AskedQuestion } from './person.ts';
import { questionAbout, type QuestionAndObject } from './question.ts';

/** A yes to one call, or that none is needed. */
export interface Yes {
  readonly kind: 'yes';
  /** What the audit records of it; absent if nobody had to be asked. */
  readonly record?: ConsentRecord;
  /** The object of the call as the last read for the question found it. */
  readonly before?: ReadValue | undefined;
}

export interface ConsentOptions {
  readonly approvals: ApprovalJournal;
  readonly trail: AuditTrail;
  /** Returns the command line that grants an approval. */
  readonly approveCommand: (approvalId: string) => string;
}

/** A call, or the cancellation of one. */
type AskableCall = Omit<AdmittedCall, 'secrets'>;

/** Obtains a person's yes. */
export class Consent {
  readonly #options: ConsentOptions;

  constructor(options: ConsentOptions) {
    this.#options = options;
  }

  /** Returns a yes to this call, or that the question is on its way. Throws MailStoreError when there is no yes. */
  async obtain(call: AskableCall, ask = async (): Promise<QuestionAndObject> => questionAbout(call)): Promise<Yes | Asked> {
    if (call.decision.kind === 'allow') return { kind: 'yes' };
    const { caller } = call;
    const { question, before } = await ask();
    const record = await this.#ask(question, call);
    if (record.answer === 'asked') return { kind: 'asked' };
    const isLate = record.channel !== 'approval' && caller.person?.answersAnew !== true;
    return { kind: 'yes', record, before: isLate ? await this.#readAgain(call, await ask(), question.key, record) : before };
  }

  /** Tries in this order: a granted approval for exactly this call, the person at the client, and a new approval to be granted elsewhere. */
  async #ask(question: AskedQuestion, { caller: { person }, entry }: AskableCall): Promise<ConsentRecord> {
    const { trail, approvals, approveCommand } = this.#options;
    const { tool, target, key: argumentsKey, shown: prompt } = question;
    const approvable = { tool, target, argumentsKey };
    const granted = approvals.consume(approvable);
    if (granted !== undefined) return { channel: 'approval', answer: 'yes', prompt, approvalId: granted };
    if (!person) {
      const { approvalId } = approvals.request({
        ...approvable,
        shown: prompt,
        ...(question.typed !== undefined && { typed: question.typed }),
      });
      const refused = new MailStoreError('needsApproval', { tool, command: approveCommand(approvalId) });
      await trail.prompted(entry, { channel: 'none', answer: 'not asked', prompt, approvalId }, refused.message);
      throw refused;
    }
    const { channel } = person;
    try {
      const { kind } = await person.ask(question);
      if (kind === 'yes') return { channel, answer: 'yes', prompt };
      await trail.prompted(entry, { channel, answer: kind, prompt });
      if (kind === 'asked') return { channel, answer: 'asked', prompt };
    } catch (error) {
      if (isError(error, 'foreignAnswer')) await trail.prompted(entry, { channel, answer: 'invalid', prompt }, error.message);
      throw error;
    }
    throw new MailStoreError('notConfirmed', { tool });
  }

  /** Compares with the object as it reads after a person took their time. Throws MailStoreError `foreignAnswer` when the yes was given to another one. */
  async #readAgain(
    { entry }: AskableCall,
    { question, before }: QuestionAndObject,
    key: string,
    record: ConsentRecord,
  ): Promise<ReadValue | undefined> {
    if (question.key === key) return before;
    const refused = new MailStoreError('foreignAnswer', { tool: question.tool });
    await this.#options.trail.prompted(entry, { ...record, answer: 'invalid' }, refused.message);
    throw refused;
  }
}
