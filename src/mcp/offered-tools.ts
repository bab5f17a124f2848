import type { Toolset } from '../catalogue/define-command.ts';
import type { Access } from '../base/target.ts';
import { allows } from '../policy/access.ts';
import type { ListedTool, ToolDefinition } from './tool-definition.ts';

/** What decides which tools a server offers; all of it is fixed when the server starts. */
export interface Offer {
  readonly access: Access;
  readonly groups: readonly Toolset[];
  /** The names of the targets; with more than one, every tool takes `target`. */
  readonly targets: readonly string[];
  /** `compact` lists three tools that find, describe and run all others. Default: `full`. */
  readonly surface?: 'full' | 'compact' | undefined;
  /** Wire names that a server is known to have; doubtful commands are offered only when they are among them. */
  readonly knownCommands: ReadonlySet<string>;
}

/**
 * Returns the tools of several editions as one list. A tool that differs between them takes the arguments of all, and requires those that all
 * require; what a target of its own edition accepts is checked by the call.
 */
export function mergeToolLists(lists: readonly (readonly ListedTool[])[]): readonly ListedTool[] {
  const merged = new Map<string, ListedTool>();
  for (const listed of lists.flat()) {
    const { name } = listed.tool;
    const known = merged.get(name);
    merged.set(name, known ? mergeTools(known, listed) : listed);
  }
  return [...merged.values()];
}

function mergeTools(one: ListedTool, other: ListedTool): ListedTool {
  const [inputs, others] = [readInput(one.tool), readInput(other.tool)];
  const required = inputs.required.filter((name) => others.required.includes(name));
  const { required: _required, ...schema } = one.tool.inputSchema;
  return {
    ...one,
    ...((one.longRunning || other.longRunning) && { longRunning: true }),
    tool: {
      ...one.tool,
      inputSchema: {
        ...schema,
        properties: { ...others.properties, ...inputs.properties },
        ...(required.length > 0 && { required }),
      },
    },
  };
}

function readInput({ inputSchema }: ToolDefinition): { readonly properties: object; readonly required: readonly string[] } {
  return { properties: {}, required: [], ...inputSchema };
}

/** Returns the tools to list, in the order of the declarations. The gate decides on each call; this is its shadow. */
export function offeredTools(list: readonly ListedTool[], { access, groups, targets, knownCommands }: Offer): readonly ToolDefinition[] {
  return list
    .filter(({ effect, group }) => allows(access, effect) && (group === undefined || groups.includes(group)))
    .filter(({ doubtful, tool }) => !doubtful || knownCommands.has(String(tool._meta?.['mailstore/command'])))
    .map(({ tool, group }) => (targets.length > 1 && group !== undefined ? withTarget(tool, targets) : tool));
}

/** A write must name its target; a read goes to the first one unless it does. */
function withTarget(tool: ToolDefinition, targets: readonly string[]): ToolDefinition {
  const { properties, required } = readInput(tool);
  const target = { type: 'string', enum: targets, description: 'Which MailStore.' };
  return {
    ...tool,
    inputSchema: {
      ...tool.inputSchema,
      properties: { target, ...properties },
      ...(!tool.annotations.readOnlyHint && { required: ['target', ...required] }),
    },
  };
}
