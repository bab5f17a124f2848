/** Where a yes came from, as the audit names it. */
export type Channel = 'elicitation' | 'input_required' | 'approval' | 'terminal' | 'tester';

/** A question about one call, as the person who answers reads it. */
export interface AskedQuestion {
  readonly tool: string;
  readonly target: string;
  /** A digest of target, arguments and object: a yes is good for nothing else. */
  readonly key: string;
  /** The whole text, with everything that hides or commands made visible and every secret masked. */
  readonly shown: string;
  /** What has to be typed to say yes; a plain yes will do where it is absent. */
  readonly typed?: string;
}

/** What came of asking. `asked` means that the question is on its way and the call comes again with the answer. */
export type Answer = { readonly kind: 'yes' } | { readonly kind: 'no' } | { readonly kind: 'asked' };

/** Somebody who can be asked about a call, and how they are reached. */
export interface Person {
  readonly channel: Channel;
  /** True where an answer comes with a call of its own, for which the object is read anew; others may think about it while it changes. */
  readonly answersAnew?: true;
  /** Puts the question. Throws MailStoreError when an answer is there that does not belong to this question. */
  ask(question: AskedQuestion): Promise<Answer>;
}

/** True when the text is the name that had to be typed; blanks around it do not matter, everything else does. */
export function isTyped({ typed }: Pick<AskedQuestion, 'typed'>, text: string): boolean {
  return typed !== undefined && text.normalize('NFC').trim() === typed.normalize('NFC').trim();
}
