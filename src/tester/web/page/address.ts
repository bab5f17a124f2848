import { API_FORMS, type ApiForm } from '../../../base/target.ts';
import type { CommandInfo, FieldInfo } from '../protocol.ts';
import { EMPTY_DRAFT, SECRET_WAYS, type Draft, type Drafts } from './drafts.ts';

/** What the part after `#` of the page's address says: the command, its input without secrets, where it goes and in which form. */
export interface Address {
  readonly command: string;
  readonly drafts: Drafts;
  readonly target?: string;
  readonly form?: ApiForm;
}

/** A longer address would be cut or refused by what it is pasted into; then only the command is in it. */
const LONGEST = 16_000;

/** The name of a variable that holds a secret; anything else in its place may be the secret itself. */
const VARIABLE = /^MAILSTORE_SECRET_\w+$/;

/** Returns the address of a form, such as `#GetUserInfo?userName=johndoe`. A secret, and a field that can hold one, is not part of it. */
export function formatAddress(command: CommandInfo, { drafts, target, form }: Omit<Address, 'command'>): string {
  const head = [command.name, ...(target === undefined ? [] : [`target=${encodeURIComponent(target)}`]), ...(form ? [`form=${form}`] : [])];
  const input = new URLSearchParams(command.fields.flatMap((field) => writeDraft(field, drafts[field.name] ?? EMPTY_DRAFT)));
  const query = input.size > 0 ? `?${input}` : '';
  return `#${head.join(';')}${query.length > LONGEST ? '' : query}`;
}

/** Returns what an address says; undefined where it names none of these commands. */
export function readAddress(hash: string, commands: readonly CommandInfo[]): Address | undefined {
  const [head = '', ...rest] = hash.replace(/^#/, '').split('?');
  const [name, ...options] = head.split(';');
  const command = commands.find((known) => known.name === name);
  if (!command) return undefined;
  const input = new URLSearchParams(rest.join('?'));
  const choices = new URLSearchParams(options.join('&'));
  const target = choices.get('target');
  const form = API_FORMS.find((known) => known === choices.get('form'));
  return {
    command: command.name,
    drafts: Object.fromEntries(
      command.fields.flatMap((field) => {
        const draft = readDraft(field, input);
        return draft ? [[field.name, draft] as const] : [];
      }),
    ),
    ...(target !== null && { target }),
    ...(form && { form }),
  };
}

/** Returns whether what is written into a field stays out of the address. */
export function isKeptOut({ kind, mayHoldSecret }: FieldInfo): boolean {
  return kind === 'secret' || mayHoldSecret === true;
}

function writeDraft(field: FieldInfo, { text, entries, way, isNull }: Draft): [name: string, value: string][] {
  const { name, kind } = field;
  if (isNull) return [[`${name}.null`, '']];
  if (kind === 'secret') return way === 'here' ? [] : [[`${name}.${way}`, way === 'fromEnv' && VARIABLE.test(text) ? text : '']];
  if (isKeptOut(field)) return [];
  return [
    ...entries.map((entry): [string, string] => [`${name}.entry`, entry]),
    ...(text === '' ? [] : [[name, text] as [string, string]]),
  ];
}

function readDraft(field: FieldInfo, input: URLSearchParams): Draft | undefined {
  const { name, kind, isNullable } = field;
  if (isNullable && input.has(`${name}.null`)) return { ...EMPTY_DRAFT, isNull: true };
  if (kind === 'secret') {
    const way = SECRET_WAYS.find((known) => known !== 'here' && input.has(`${name}.${known}`));
    return way && { ...EMPTY_DRAFT, way, text: input.get(`${name}.${way}`) ?? '' };
  }
  if (isKeptOut(field)) return undefined;
  const [text, entries] = [input.get(name) ?? '', input.getAll(`${name}.entry`)];
  return text === '' && entries.length === 0 ? undefined : { ...EMPTY_DRAFT, text, entries };
}
