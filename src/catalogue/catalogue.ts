import type { Command, CommandCall, Edition, InputShape } from './define-command.ts';
import type { Insight } from './define-insight.ts';
import type { Plan } from './define-plan.ts';
import type { Prompt } from './define-prompt.ts';
import type { Resource } from './define-resource.ts';
import { isScope } from './fields.ts';

/** A call that reads are made for, and whose inverse is another call. */
export interface ScopedCall {
  readonly command: Pick<Command, 'input'>;
  readonly args: Readonly<Record<string, unknown>>;
}

/** The commands and insights of one edition of the product. Each target has the catalogue of its own edition. */
export interface Catalogue {
  readonly edition: Edition;
  /** Every command of the edition, group by group, with the arguments that the edition adds. */
  readonly commands: readonly Command[];
  /** The tools that answer a question from several reads, the most general first. */
  readonly insights: readonly Insight[];
  /** The tools that make several changes as one, shown before they run. */
  readonly plans: readonly Plan[];
  /** The requests that recur, for a person to choose from. */
  readonly prompts: readonly Prompt[];
  /** What a person can hand to a model as context, the lists first. */
  readonly resources: readonly Resource[];
  /** The one read that proves connection and login in every API version. */
  readonly connectionTest: Command;
  /** Returns the declaration of a wire name, or undefined if the edition has no such command. */
  find(this: void, name: string): Command | undefined;
  /** Returns a call that another one gives rise to, such as a read of its object or its inverse, with the scope of that other call. */
  inScope(this: void, scope: ScopedCall, call: CommandCall): CommandCall;
}

export interface DeclaredTools {
  readonly commands: readonly Command[];
  readonly insights: readonly Insight[];
  readonly plans?: readonly Plan[];
  readonly prompts?: readonly Prompt[];
  readonly resources?: readonly Resource[];
}

/** Makes the catalogue of one edition from the declarations of all editions. Throws if no command of the edition tests the connection. */
export function createCatalogue(
  edition: Edition,
  { commands: declared, insights, plans = [], prompts = [], resources = [] }: DeclaredTools,
): Catalogue {
  const commands = declared.filter(({ editions }) => editions.includes(edition)).map((command) => withEditionInput(command, edition));
  const byName = new Map(commands.map((command) => [command.name, command]));
  const connectionTest = commands.find((command) => command.connectionTest);
  if (!connectionTest) throw new Error(`no command of the edition ${edition} tests the connection`);
  return {
    edition,
    commands,
    insights: insights.map((insight) => withEditionInput(insight, edition)),
    plans,
    prompts,
    resources,
    connectionTest,
    find: (name) => byName.get(name),
    inScope: (scope, { command, args }) => ({ command, args: { ...pickScope(scope, byName.get(command)?.input), ...args } }),
  };
}

/** Adds the arguments of the edition to a declaration; one without such arguments stays the same object. */
function withEditionInput<Declared extends { readonly input: InputShape; readonly editionInput?: Command['editionInput'] }>(
  declared: Declared,
  edition: Edition,
): Declared {
  const added = declared.editionInput?.[edition];
  return added ? { ...declared, input: { ...added, ...declared.input } } : declared;
}

/** Returns those arguments of the scope that the other call takes too. */
function pickScope({ command, args }: ScopedCall, taken: InputShape = {}): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(command.input).flatMap(([name, schema]) =>
      isScope(schema) && Object.hasOwn(taken, name) && Object.hasOwn(args, name) ? [[name, args[name]]] : [],
    ),
  );
}
