import * as z from 'zod';
import { findMisspelt } from '../base/name-twins.ts';

/** What an argument can be the name of: reads list those that exist, so that a form can offer them. */
export type NamedKind = 'user' | 'store' | 'job' | 'profile' | 'archive' | 'folder' | 'time zone';

/** One choice that several arguments make together, such as when a job runs: each way has arguments of its own. */
export interface ChoiceOfFields {
  readonly title: string;
  /** The ways that the argument belongs to; true where the way needs it. */
  readonly ways: Readonly<Record<string, boolean>>;
}

/** Facts about a field that its zod type cannot say. */
interface FieldTraits {
  /** How the value is written in the form, where that does not follow from its type. */
  readonly wire?: 'json' | 'datetime';
  /** True when the value itself is a secret, or may contain one (`inside`). */
  readonly secret?: true | 'inside';
  /** True for the time zone in which a call reads and writes times. */
  readonly isTimeZone?: true;
  /** True when the server has no default of its own for a field that has one here. */
  readonly mandatory?: true;
  /** What the server takes for a mandatory argument that is left out all the same; see `acceptedWithout`. */
  readonly whenLeftOut?: boolean;
  /** True when the field is only shown in the question before a call, and not sent. */
  readonly unsent?: true;
  /** True for the account that a call acts for: without one, it is the login that this server uses. */
  readonly isLogin?: true;
  /** True for the action of a job, a command with its arguments as one text, which callers may give as an object. */
  readonly isAction?: true;
  /** Which bound of a window of time the field is; `since` and `until` may be given in its place. */
  readonly bounds?: 'since' | 'until';
  /** What the value is the name or the id of. */
  readonly names?: NamedKind;
  /** The values that people need most, of a field that takes any text; of a date those that `resolveDate` of the tester's page knows. */
  readonly presets?: readonly string[];
  readonly choiceOf?: ChoiceOfFields;
  /** True when the argument says where a call works, such as an instance: reads that are made for the call carry it too. */
  readonly scope?: true;
}

const traits = z.registry<FieldTraits>();

/** Unwraps optional, nullable, default and pipe, and returns the type that a caller fills in. */
export function innermost(schema: z.core.$ZodType): z.core.$ZodType {
  const { def } = schema._zod;
  if ('innerType' in def) return innermost(def.innerType as z.core.$ZodType);
  if (def.type === 'pipe' && 'in' in def) return innermost(def.in as z.core.$ZodType);
  return schema;
}

export function fieldTraits(schema: z.core.$ZodType): FieldTraits {
  return traits.get(schema) ?? traits.get(innermost(schema)) ?? {};
}

/** Marks a field that the question before a call needs and the wire does not take. */
export function unsent<Schema extends z.ZodType>(schema: Schema): Schema {
  const marked = schema.clone();
  traits.add(marked, { ...traits.get(schema), unsent: true });
  return marked;
}

/** Marks an argument that says where a call works. Reads that are made for the call, and its inverse, carry it too. */
export function scope<Schema extends z.ZodType>(schema: Schema): Schema {
  const marked = schema.clone();
  traits.add(marked, { ...traits.get(schema), scope: true });
  return marked;
}

export function isScope(schema: z.core.$ZodType): boolean {
  return fieldTraits(schema).scope === true;
}

/**
 * Marks an argument that the server's list calls mandatory and that older programs leave out without being refused. A caller of the tool
 * states it; the emulated server takes `value` for it.
 */
export function acceptedWithout<Schema extends z.ZodType>(value: boolean, schema: Schema): Schema {
  const marked = schema.clone();
  traits.add(marked, { ...traits.get(schema), whenLeftOut: value });
  return marked;
}

/** Returns the fields of a command that are sent. */
export function sentFields(input: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.entries(input).filter(([, schema]) => fieldTraits(schema).unsent !== true));
}

/** The types that `get-metadata` and the form know. */
export type WireType = 'string' | 'number' | 'bool' | 'json' | 'csv' | 'datetime';

/** Returns how a field's value travels: arrays as comma-separated text, objects as JSON text, dates without zone or fraction. */
export function wireType(schema: z.core.$ZodType): WireType {
  const inner = innermost(schema);
  const told = fieldTraits(schema).wire;
  if (told) return told;
  switch (inner._zod.def.type) {
    case 'boolean':
      return 'bool';
    case 'number':
    case 'int':
      return 'number';
    case 'literal':
      return inner instanceof z.core.$ZodLiteral && inner._zod.def.values.every((value) => typeof value === 'number') ? 'number' : 'string';
    case 'array':
      return 'csv';
    case 'object':
    case 'record':
      return 'json';
    default:
      return 'string';
  }
}

export function isOptional(schema: z.core.$ZodType): boolean {
  return schema._zod.optin === 'optional';
}

export const text = () => z.string().min(1);

export const userName = text().describe('Login name.').register(traits, { names: 'user' });
export const storeId = z.int().positive().describe('Store id from get_stores.').register(traits, { names: 'store' });
export const jobId = z.int().positive().describe('Job id from get_jobs.').register(traits, { names: 'job' });
export const profileId = z.int().positive().describe('Profile id from get_profiles.').register(traits, { names: 'profile' });
export const folderPath = text()
  .describe('Folder path with / separators; the first part is the user archive.')
  .register(traits, { names: 'folder' });
export const archiveName = text()
  .describe('User archive (top-level folder), normally the user name.')
  .register(traits, { names: 'archive' });

/** Marks an argument that belongs to some ways of one choice. */
export function addToChoice<Schema extends z.ZodType>(choice: ChoiceOfFields, schema: Schema): Schema {
  const marked = schema.clone();
  traits.add(marked, { ...fieldTraits(schema), choiceOf: choice });
  return marked;
}

const standsAlone = (words: readonly string[]) => (values: readonly string[]) =>
  values.length === 1 || !values.some((value) => words.includes(value));

/** A list of words, sent comma-separated; the `alone` words must be the only entry. */
function words<const Words extends readonly [string, ...string[]]>(values: Words, alone: readonly Words[number][]) {
  return z
    .array(z.enum(values))
    .min(1)
    .refine(standsAlone(alone), { error: `${alone.join(' and ')} must be the only entry` });
}

const GLOBAL_PRIVILEGES = [
  'none',
  'admin',
  'login',
  'changePassword',
  'archive',
  'modifyArchiveProfiles',
  'export',
  'modifyExportProfiles',
  'delete',
] as const;
export const LOGIN_PRIVILEGES = ['none', 'windows', 'web', 'outlook', 'windowsCmd', 'imap', 'api'] as const;
const FOLDER_PRIVILEGES = ['none', 'read', 'write', 'delete'] as const;

export const globalPrivileges = words(GLOBAL_PRIVILEGES, ['none', 'admin']).describe('The complete new list; none and admin stand alone.');
export const loginPrivileges = words(LOGIN_PRIVILEGES, ['none']).describe('Clients the user may log in with; the complete new list.');
export const folderPrivileges = words(FOLDER_PRIVILEGES, ['none']).describe('The complete new rights; none revokes.');
export const authentication = z.enum(['integrated', 'directoryServices']).describe('Where the password is checked.');

/** List entries cannot contain the comma that separates them on the wire. */
export const listEntry = () => z.string().regex(/^[^,]+$/, 'must not be empty or contain a comma');

/** An e-mail address in a list. */
export const emailAddress = () => z.string().regex(/^[^@,\s]+@[^@,\s]+$/, 'must be an e-mail address with an @, without a comma');

/** A secret: masked wherever it would be shown or stored. */
export function secret(description: string) {
  return text().describe(description).register(traits, { secret: true });
}

/** Names the place of a secret that must not be written into a call: a variable, a file, or a generated one that is kept in a file. */
const secretReference = z
  .union([
    z.strictObject({ fromEnv: z.string().regex(/^MAILSTORE_SECRET_\w+$/, 'must begin with MAILSTORE_SECRET_') }),
    z.strictObject({ fromFile: text() }),
    z.strictObject({ generate: z.literal(true) }),
  ])
  .describe('Keeps it out of the conversation.');
export type SecretReference = z.output<typeof secretReference>;

export function isSecretReference(value: unknown): value is SecretReference {
  return typeof value === 'object' && secretReference.safeParse(value).success;
}

/** True when a value holds, at any depth, a reference to a secret in a file or a variable. */
export function hasOutsideReference(value: unknown): boolean {
  return outsideReferences(value).length > 0;
}

/** Returns the references to files and variables in a value, at any depth. A secret that is generated comes from nowhere. */
export function outsideReferences(value: unknown): readonly Exclude<SecretReference, { generate: true }>[] {
  if (typeof value !== 'object' || value === null) return [];
  if (isSecretReference(value)) return 'generate' in value ? [] : [value];
  return Object.values(value).flatMap(outsideReferences);
}

/** The arguments that callers may give in the place of the bounds of a window of time. */
const PERIODS = {
  since: text()
    .register(traits, { presets: ['today', 'yesterday', 'last 24 hours', 'last 7 days', 'last week', 'this month'] })
    .optional()
    .describe('The start: last 24 hours, last 7 days, yesterday, this week, 2026-11-01, 2026-11-01T03:00:00+01:00.'),
  until: text()
    .register(traits, { presets: ['yesterday', 'last week', 'last month'] })
    .optional()
    .describe('The end of such a period, included. Default: now.'),
};

/** What a job runs, as callers write it; the text that the wire takes is built from it. */
const actionObject = z.strictObject({
  command: text().describe('A tool of this list, such as create_backup.'),
  arguments: z.record(z.string(), z.unknown()).optional().describe('As that tool takes them.'),
});
export type ActionObject = z.output<typeof actionObject>;

/** Returns the value as the object that a job's action may be given as, also where it comes as JSON text; undefined for anything else. */
export function readActionObject(value: unknown): ActionObject | undefined {
  if (typeof value !== 'string') return actionObject.safeParse(value).data;
  try {
    return value.trimStart().startsWith('{') ? actionObject.safeParse(JSON.parse(value)).data : undefined;
  } catch {
    return undefined;
  }
}

/** The action of a job: a command with its arguments as text. */
export function jobAction() {
  return text().describe('As text: CreateBackup --path="E:\\Backup".').register(traits, { isAction: true });
}

/** The login name of the account that something runs as; by default that of the server's own login. */
export function ownLogin(description: string) {
  return text().describe(description).register(traits, { isLogin: true, names: 'user' });
}

/** The time zone of a call, which is filled in where a caller leaves it out. */
const GIVEN_ZONE = text().optional().describe('Windows or IANA name. Default: the configured zone.');

/**
 * Returns the arguments of a command as callers write them: in the place of a secret, they may say where it is, and in the place of the bounds of a
 * window of time, `since` and `until`.
 */
export function callerShape(input: Record<string, z.ZodType>): Record<string, z.ZodType> {
  const shape = Object.entries(input).flatMap(([name, schema]) => {
    const { secret: isSecret, bounds, isTimeZone, isLogin, isAction } = fieldTraits(schema);
    if (isTimeZone) return [[name, GIVEN_ZONE] as const];
    if (isLogin) return [[name, schema.optional()] as const];
    if (isAction) return [[name, z.union([actionObject, schema])] as const];
    if (bounds !== undefined) return [[bounds, PERIODS[bounds]] as const, [name, schema.optional()] as const];
    return [[name, isSecret === true ? z.union([schema, secretReference]) : schema] as const];
  });
  return Object.fromEntries(shape);
}

/**
 * An object sent as JSON text. `names` are those of its fields from which the effect of a call or its question follows: another spelling of one is
 * refused, since the server may take it for the same field.
 */
export function jsonObject(description: string, options: { secretsInside?: true; names?: readonly string[] } = {}) {
  return z
    .record(z.string(), z.unknown())
    .superRefine((value, context) => refuseMisspelt(value, options.names ?? [], context))
    .describe(description)
    .register(traits, { wire: 'json', ...(options.secretsInside && { secret: 'inside' as const }) });
}

/**
 * A configuration object sent as JSON text, of which a caller states only what changes: the known fields have their types, others are taken as they
 * are. `names` are those of its fields at every depth that may be spelled in one way only; those of the shape by default. Use it with `mergesInto`.
 */
export function configObject<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
  description: string,
  options: { secretsInside?: true; names?: readonly string[] } = {},
) {
  return (
    z
      .looseObject(shape)
      .partial()
      // Fields of objects inside it have names of their own, which are looked at where `names` states them.
      .superRefine((value, context) =>
        options.names
          ? refuseMisspelt(value, options.names, context)
          : refuseMisspelt(Object.fromEntries(Object.keys(value).map((name) => [name, null])), Object.keys(shape), context),
      )
      .describe(description)
      .register(traits, { wire: 'json', ...(options.secretsInside && { secret: 'inside' as const }) })
  );
}

function refuseMisspelt(value: unknown, names: readonly string[], context: z.RefinementCtx): void {
  const wrong = findMisspelt(value, names);
  if (wrong) context.addIssue({ code: 'custom', message: `'${wrong.name}' must be spelled '${wrong.right}'` });
}

/** A secret inside a configuration object, or where it is. */
export function secretInside(description: string) {
  return z.union([z.string(), secretReference]).nullable().describe(description);
}

/** The form of a date as a caller writes it. */
const DATE_FORM = 'Such as 2026-11-01 or 2026-11-01T03:00:00.';

const LOCAL_DATE_TIME = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?)?$/;
const OFFSET = /(?:Z|[+-]\d{2}(?::?\d{2})?)$/i;

/** The bound of a window of time that a run has to have begun in, which a caller may also give as `since` or `until`. */
export function windowBound(bounds: 'since' | 'until') {
  const field = localDateTime(bounds === 'since' ? '' : 'Excluded.');
  const presets = bounds === 'since' ? ['today', 'yesterday', '7 days ago', '30 days ago'] : ['today', 'tomorrow'];
  traits.add(field, { ...fieldTraits(field), bounds, presets });
  return field;
}

/** A wall-clock time in the zone that the call names, sent as `YYYY-MM-DDThh:mm:ss`: a zone suffix or a fraction is refused by the server. */
export function localDateTime(description: string) {
  return z
    .string()
    .refine((value) => !(value.includes(':') && OFFSET.test(value)), {
      error: 'must be written without an offset, as clock time in the zone that the call names: an offset would be dropped',
      abort: true,
    })
    .refine(isCalendarDate, { error: 'must be a date or date-time of the calendar such as 2026-11-01T00:00:00' })
    .describe(`${description} ${DATE_FORM}`.trimStart())
    .register(traits, { wire: 'datetime', presets: ['today 22:00', 'tomorrow 02:00', 'next saturday 02:00'] })
    .transform(toWireDateTime);
}

function isCalendarDate(value: string): boolean {
  const wire = toWireDateTime(value);
  const time = Date.parse(`${wire}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(wire);
}

function toWireDateTime(value: string): string {
  const [, date, minutes = '00:00', seconds = ':00'] = LOCAL_DATE_TIME.exec(value) ?? [];
  return `${date}T${minutes}${seconds}`;
}

export const timeZone = text()
  .register(traits, { mandatory: true, isTimeZone: true, names: 'time zone' })
  .default('$Local')
  .describe('Windows or IANA time zone.');

const STORE_STATES = ['current', 'normal', 'writeProtected', 'disabled'] as const;
export const storeState = z.enum(STORE_STATES).describe('current also receives new mail; disabled hides the content.');
export const STORE_TYPES = ['FileSystemInternal', 'SQLServer', 'PostgreSQL'] as const;
