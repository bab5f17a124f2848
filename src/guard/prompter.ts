/** How a person is reached, as the audit names it. */
export type Channel = 'elicitation' | 'input_required' | 'approval' | 'terminal' | 'tester';

/** A question about one call, as the person who answers reads it. */
export interface AskedQuestion {
  readonly tool: string;
  readonly target: string;
  /** A digest of the call: target, login and arguments. */
  readonly argumentsKey: string;
  /** A digest of everything that is shown, except values that drift, and of the confirmation text. A yes is good for nothing else. */
  readonly promptKey: string;
  /** The whole text, with hidden characters made visible and every secret masked. */
  readonly prompt: string;
  /** Names the act, such as `Delete amira`. */
  readonly label: string;
  /** What has to be typed to say yes; absent if a plain yes is enough. */
  readonly confirmationText?: string;
}

/** Answers that are no yes and end the call. */
export type Refusal = 'declined' | 'cancelled' | 'not_ticked' | 'no_answer';

/** The answer to a question. */
export type Answer =
  | {
      readonly kind: 'accepted' | Refusal;
      /** The text that was answered, if it differs from the question in values that drift. */
      readonly prompt?: string;
      /** Why there is no answer. */
      readonly reason?: string;
    }
  /** The answer belongs to an earlier text of this question, and what that showed has changed since. */
  | { readonly kind: 'outdated'; readonly prompt: string }
  /** The question is on its way, and the call will be repeated with the answer. */
  | { readonly kind: 'asked' };

/** Asks a person about a call. */
export interface Prompter {
  readonly channel: Channel;
  /** True if the answer comes with a call of its own, for which everything is read again before the answer is looked at. */
  readonly answersByCall?: true;
  /** True if this call brings the answer to a question that was put before: no question is put for it. */
  readonly hasAnswer?: boolean;
  /** True if a program, such as a model, decides how often questions are asked. */
  readonly isPausable?: true;
  /**
   * Asks. `signal` aborts when the time for an answer is over: none is taken after that, and what is on display goes away. Throws MailStoreError `foreignAnswer` when there is
   * an answer that belongs to another call.
   */
  ask(question: AskedQuestion, signal?: AbortSignal): Promise<Answer>;
}

/** True when the text is the one that had to be typed. Blanks around it do not matter; everything else does. */
export function isConfirmation({ confirmationText }: Pick<AskedQuestion, 'confirmationText'>, text: string): boolean {
  return confirmationText !== undefined && text.normalize('NFC').trim() === confirmationText.normalize('NFC').trim();
}
