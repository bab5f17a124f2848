import { findCommand } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import { toVisibleLine } from '../base/visible.ts';
import type { Command, Found, Look, Search, Verdict } from '../catalogue/define-command.ts';
import { outsideReferences } from '../catalogue/fields.ts';
import { isRow } from '../catalogue/looks.ts';
import { MASK, maskSecrets } from '../catalogue/mask-secrets.ts';
import { toolName } from '../catalogue/naming.ts';
import type { MailStoreClient, ReadValue } from '../client/client.ts';
import type { TaskRecord } from '../journal/task-record.ts';
import { argumentsKey } from '../tasks/arguments-key.ts';
import type { AdmittedCall, GuardedTarget } from './call.ts';
import type { AskedQuestion } from './person.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Reads what a look is about. Throws MailStoreError when the read fails. */
export async function lookAt(client: MailStoreClient, look: Look<Arguments>, args: Arguments): Promise<ReadValue> {
  const command = findCommand(look.read);
  if (!command) throw new MailStoreError('unknownCommand', { command: look.read });
  const { value, isExact } = await client.read(command, look.args?.(args) ?? {});
  return { value: look.pick(value, args), isExact };
}

/** Runs what a decision or a question needs to know: one read, or a search of several. Throws MailStoreError when a read fails. */
export async function runSearch(client: MailStoreClient, look: Look<Arguments> | Search<Arguments>, args: Arguments): Promise<ReadValue> {
  if ('read' in look) return lookAt(client, look, args);
  const value = await look.search(args, async (name, itsArguments = {}) => {
    const command = findCommand(name);
    if (!command) throw new MailStoreError('unknownCommand', { command: name });
    return (await client.read(command, itsArguments)).value;
  });
  return { value, isExact: false };
}

/** Any word becomes a secret once somebody sends it as one: what a person needs to know could be hidden from them by that. */
const MASKED = `Hidden: what MailStore says of it has the text of a secret in it, shown as ${MASK} or left out here; look in MailStore itself before you say yes.`;

function isMasked(looks: Iterable<ReadValue | undefined>): boolean {
  return [...looks].some((look) => look?.value !== undefined && JSON.stringify(look.value).includes(MASK));
}

/** A question, and the object of its call as it was read for it. */
export interface QuestionAndObject {
  readonly question: AskedQuestion;
  readonly before: ReadValue | undefined;
}

/** What a question is made from. */
type Asking = Pick<AdmittedCall, 'request' | 'target' | 'decision'>;

/** Returns the question about a destructive or risky call, from what the server says of its object now, and the object itself. */
export async function questionAbout({ request: { command, args }, target, decision }: Asking): Promise<QuestionAndObject> {
  const { name, origin, client } = target;
  const { question: declared, before, decidesFrom } = command;
  const looks = Object.entries({ ...decidesFrom, ...(before && { before }), ...declared?.reads });
  const failed: string[] = [];
  const seen = new Map(
    await Promise.all(
      looks.map(async ([key, look]): Promise<[string, ReadValue | undefined]> => {
        try {
          return [key, await runSearch(client, look, args)];
        } catch (error) {
          if (!(error instanceof MailStoreError)) throw error;
          failed.push(`What ${'read' in look ? toolName(look.read) : `the search for ${key}`} shows is missing here: ${error.message}`);
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
    ...warnings(decision, args, target),
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

/** Returns the question whether a task shall be stopped. */
export function cancelQuestion(
  { taskId, argumentsShown, statusText, progress }: TaskRecord,
  command: Command,
  { name, origin }: GuardedTarget,
  { effect }: Verdict,
): QuestionAndObject {
  const tool = toolName('CancelTask');
  const object = `the running command ${toolName(command.name)} ${JSON.stringify(argumentsShown)} (task ${taskId})`;
  const state = [progress === null ? undefined : `${progress} %`, statusText ?? undefined].filter((part) => part !== undefined).join(', ');
  const shown = [
    `Cancel a task (${tool}) on ${name}, ${origin}`,
    `What: ${object}`,
    `Consequence: The command stops where it is, and what it has done so far stays.${
      effect === 'destructive'
        ? ' A command of this kind that is cut off can leave what it works on unusable, such as a store that cannot be opened.'
        : ''
    }${state && ` Last seen: ${state}.`}`,
  ];
  return {
    question: {
      tool,
      target: name,
      key: argumentsKey({ target: name, origin, args: { taskId }, object }),
      shown: shown.map(toVisibleLine).join('\n'),
    },
    before: undefined,
  };
}

/** Says what the words of a declaration cannot know: whose login is at stake, and which secrets leave this machine for where. */
function warnings({ risks }: Verdict, args: Arguments, { user }: GuardedTarget): readonly string[] {
  const references = outsideReferences(args).map((reference) =>
    'fromFile' in reference ? `the file ${reference.fromFile}` : `the variable ${reference.fromEnv}`,
  );
  const places = [...new Set(placesIn(args))];
  return [
    ...(risks.includes('locks-out')
      ? [`Lock-out: mailstore-mcp itself logs in as ${user}. After this it may no longer be able to, and then it cannot put this back.`]
      : []),
    ...(risks.includes('sends-data-out') && references.length > 0
      ? [`Secret: what is in ${references.join(' and ')} is sent to ${places.join(', ') || 'the place that is set there'}.`]
      : []),
  ];
}

/** Names of arguments and settings that say where something is sent. */
const PLACE_NAME = /host|server|url|path|tenant|directory/i;

function placesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(placesIn);
  if (!isRow(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? (PLACE_NAME.test(name) ? [inner] : []) : placesIn(inner),
  );
}
