import { excerpt, MailStoreError } from '../base/errors.ts';
import type { Command } from '../catalogue/define-command.ts';
import { isOptional, sentFields } from '../catalogue/fields.ts';

/** A command as the server's own list describes it (protocol.md §2.8). */
export interface ServerCommand {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly nullable: boolean }[];
  /** The prefix that the server names in place of `api/invoke/` as it is written there. It is reported and never used: a path is not data. */
  readonly prefix?: string;
}

type ListedCommand = Omit<ServerCommand, 'prefix'> & { readonly path?: unknown };

/** Returns the server's list of commands. Throws MailStoreError `notAnEnvelope` when the value is no such list. */
export function readMetadata(value: unknown): ReadonlyMap<string, ServerCommand> {
  if (!Array.isArray(value) || !value.every(isListedCommand)) {
    throw new MailStoreError('notAnEnvelope', { command: 'get-metadata', excerpt: excerpt(JSON.stringify(value) ?? '') });
  }
  return new Map(
    value.map(({ name, args, path }) => [name, { name, args, ...(typeof path === 'string' && path !== '' && { prefix: path }) }]),
  );
}

function isListedCommand(value: unknown): value is ListedCommand {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'args' in value &&
    Array.isArray(value.args) &&
    value.args.every((arg) => typeof arg === 'object' && arg !== null && 'name' in arg && typeof arg.name === 'string')
  );
}

/** How the server's list differs from the declarations: what a newer or older server than the declared one looks like. */
export interface MetadataComparison {
  /** Declared commands that the server does not have. */
  readonly missing: readonly string[];
  /** Commands of the server that no declaration knows; they cannot be called. */
  readonly unknown: readonly string[];
  /** One sentence for each command whose arguments differ. */
  readonly changed: readonly string[];
}

export function compareMetadata(commands: readonly Command[], server: ReadonlyMap<string, ServerCommand>): MetadataComparison {
  const declared = new Map(commands.map((command) => [command.name, command]));
  return {
    missing: commands.filter((command) => !server.has(command.name) && !command.doubtful).map((command) => command.name),
    unknown: [...server.keys()].filter((name) => !declared.has(name)),
    changed: commands.flatMap((command) => {
      const theirs = server.get(command.name);
      return theirs && !command.doubtful ? changedArguments(command, theirs) : [];
    }),
  };
}

/** Returns one sentence for each argument that the server's list makes mandatory and that a call of the command as it is declared does not send. */
export function listUnsentArguments(command: Command, server: ReadonlyMap<string, ServerCommand> | undefined): readonly string[] {
  const known = new Set([...Object.keys(sentFields(command.input)), ...Object.keys(command.constants ?? {})]);
  return (server?.get(command.name)?.args ?? [])
    .filter((arg) => arg.nullable === false && !known.has(arg.name))
    .map(
      (arg) =>
        `This server lists a mandatory argument ${excerpt(arg.name)} of ${command.name} that mailstore-mcp does not know and did not send.`,
    );
}

function changedArguments(command: Command, theirs: ServerCommand): string[] {
  const ours = new Set([...Object.keys(sentFields(command.input)), ...Object.keys(command.constants ?? {})]);
  const names = new Set(theirs.args.map((arg) => arg.name));
  const gone = [...ours].filter((name) => !names.has(name));
  const added = theirs.args.filter((arg) => !ours.has(arg.name));
  const nowMandatory = theirs.args.filter((arg) => {
    const schema = command.input[arg.name];
    return schema !== undefined && arg.nullable === false && isOptional(schema) && schema.safeParse(undefined).data === undefined;
  });
  const isElsewhere = theirs.prefix !== undefined && !/^\/?api\/invoke\/?$/.test(theirs.prefix);
  return [
    ...(isElsewhere
      ? [
          `${command.name} is listed under '${excerpt(theirs.prefix ?? '')}' on this server and is sent to /api/invoke/${command.name} all the same`,
        ]
      : []),
    ...gone.map((name) => `${command.name} has no argument ${name} on this server`),
    ...added.map(
      (arg) =>
        `${command.name} has ${arg.nullable === false ? 'a mandatory' : 'an'} argument ${arg.name} on this server that is not known here`,
    ),
    ...nowMandatory.map((arg) => `${command.name} demands ${arg.name} on this server`),
  ];
}
