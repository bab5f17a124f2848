import type { ValueSource } from './define-resource.ts';

/** One argument of a prompt, as a person fills it in. */
export interface PromptArgument {
  readonly description: string;
  readonly required?: true;
  /** What a client offers while a person types: values of the archive, or these. */
  readonly values: ValueSource | readonly string[];
}

/** A request that an administrator makes again and again, written out with the steps that a good run takes. */
export interface Prompt {
  /** In snake_case. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly arguments: Readonly<Record<string, PromptArgument>>;
  /** Returns the request; arguments that a person left out are absent. */
  text(args: Readonly<Record<string, string>>): string;
}

/** Declares a prompt. */
export function definePrompt(prompt: Prompt): Prompt {
  return prompt;
}
