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
  /** Wire names that a server is known to have; doubtful commands are offered only when they are among them. */
  readonly knownCommands: ReadonlySet<string>;
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
  const { properties = {}, required = [] } = tool.inputSchema as { properties?: object; required?: readonly string[] };
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
