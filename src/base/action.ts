/** What a stored job does: one command and its arguments, all of them text. */
interface StoredAction {
  readonly command: string;
  readonly args: Record<string, string>;
}

const COMMAND = /[A-Za-z][A-Za-z\d]*/y;
const ARGUMENT = / +--([A-Za-z][A-Za-z\d]*)=(?:"([^"]*)"|((?!--)[\p{L}\p{M}\p{N}@$.,:/\\+_-]+))/uy;

/** Line breaks and other control characters could end the command for another reader of the same text. */
const UNREADABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

/**
 * Reads a job's action in the notation of the management shell, such as `CreateBackup --path="E:\Backup" --excludeSearchIndexes="true"`.
 * Quotes may be left out around values without blanks or special characters; a backslash is an ordinary character, so a value cannot
 * contain a quote. Only text that has exactly one reading is accepted, because the effect of the action is judged from it.
 * Thrown when any part of the text is something else: an Error with one sentence.
 */
export function parseAction(text: string): StoredAction {
  if (UNREADABLE.test(text)) throw new Error('The action contains a line break or another control character.');

  const action = text.trim();
  COMMAND.lastIndex = 0;
  const command = COMMAND.exec(action)?.[0];
  if (command === undefined) throw new Error('The action does not begin with the name of a command.');

  const args: Record<string, string> = {};
  const seen = new Set<string>();
  let position = command.length;
  while (position < action.length) {
    ARGUMENT.lastIndex = position;
    const [part, name, quoted, bare] = ARGUMENT.exec(action) ?? [];
    if (part === undefined || name === undefined) {
      throw new Error(`The action cannot be read from character ${position + 1} on, where another --name="value" is expected.`);
    }
    // A server may take the first or the last of two, and may or may not distinguish capitals.
    if (seen.has(name.toLowerCase())) throw new Error(`The action gives the argument '${name}' more than once.`);
    seen.add(name.toLowerCase());
    args[name] = quoted ?? bare ?? '';
    position += part.length;
  }
  return { command, args };
}
