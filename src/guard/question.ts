import { findCommand } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import { toVisibleLine } from '../base/visible.ts';
import type { Command, Found, Look } from '../catalogue/define-command.ts';
import { MASK, maskSecrets } from '../catalogue/mask-secrets.ts';
import { toolName } from '../catalogue/naming.ts';
import type { MailStoreClient, ReadValue } from '../client/client.ts';
import { argumentsKey } from '../tasks/arguments-key.ts';
import type { AskedQuestion } from './person.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Reads what a look is about. Throws MailStoreError when the read fails. */
export async function lookAt(client: MailStoreClient, look: Look<Arguments>, args: Arguments): Promise<ReadValue> {
  const command = findCommand(look.read);
  if (!command) throw new MailStoreError('unknownCommand', { command: look.read });
  const { value, isExact } = await client.read(command, look.args?.(args) ?? {});
  return { value: look.pick(value, args), isExact };
}

/** Any word becomes a secret once somebody sends it as one: what a person needs to know could be hidden from them by that. */
const MASKED = `Hidden: what MailStore says of it has the text of a secret in it, shown as ${MASK} or left out here; look in MailStore itself before you say yes.`;

function isMasked(looks: Iterable<ReadValue | undefined>): boolean {
  return [...looks].some((look) => look?.value !== undefined && JSON.stringify(look.value).includes(MASK));
}

export interface QuestionTarget {
  readonly name: string;
  readonly origin: string;
  readonly client: MailStoreClient;
}

/** Returns the question about a destructive call, from what the server says of its object now, and the object itself. */
export async function questionAbout(
  command: Command,
  args: Arguments,
  { name, origin, client }: QuestionTarget,
): Promise<{ readonly question: AskedQuestion; readonly before: ReadValue | undefined }> {
  const { question: declared, before } = command;
  const looks = Object.entries({ ...(before && { before }), ...declared?.reads });
  const failed: string[] = [];
  const seen = new Map(
    await Promise.all(
      looks.map(async ([key, look]): Promise<[string, ReadValue | undefined]> => {
        try {
          return [key, await lookAt(client, look, args)];
        } catch (error) {
          if (!(error instanceof MailStoreError)) throw error;
          failed.push(`What ${toolName(look.read)} shows is missing here: ${error.message}`);
          return [key, undefined];
        }
      }),
    ),
  );
  const found: Found = Object.fromEntries([...seen].map(([key, look]) => [key, look?.value]));
  const tool = toolName(command.name);
  // Whatever a declaration says of the arguments, it cannot say a secret.
  const told = maskSecrets(command, args);
  const object = declared?.object(told, found) ?? JSON.stringify(told);
  const typed = declared?.typed?.(told, found);
  const shown = [
    `${command.title} (${tool}) on ${name}, ${origin}`,
    `What: ${object}`,
    `Arguments: ${JSON.stringify(told)}`,
    ...(declared ? [`Consequence: ${declared.consequence(told, found)}`] : []),
    ...failed,
    ...(isMasked(seen.values()) ? [MASKED] : []),
  ];
  return {
    question: {
      tool,
      target: name,
      key: argumentsKey({ target: name, origin, args, object }),
      // A name with a line break in it could pass for a line of the question.
      shown: shown.map(toVisibleLine).join('\n'),
      // A name of blanks alone would be typed by typing nothing.
      ...(typed !== undefined && { typed: typed.trim() === '' ? tool : toVisibleLine(typed) }),
    },
    before: seen.get('before'),
  };
}
