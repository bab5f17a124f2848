import { excerpt } from './errors.ts';

/** Returns the message without .NET stack frames, on one line and of at most 500 characters. */
export function stripStack(message: string): string {
  const [head = ''] = message.split(/\r?\n\s+at /, 1);
  return excerpt(head, 500);
}
