import { KnownCommands } from '../client/known-commands.ts';
import type { Config } from '../config/load.ts';
import type { Offer } from '../mcp/offered-tools.ts';
import type { ListedTool } from '../mcp/tool-definition.ts';
import { widest } from '../policy/access.ts';

/** Returns what a server with this configuration offers; the sandbox has every declared command. */
export function chooseOffer(
  { targets, toolsets, surface, stateDir }: Config,
  toolList: readonly ListedTool[],
  { isSandbox }: { readonly isSandbox: boolean },
): Offer {
  return {
    access: widest(targets.map(({ access }) => access)),
    groups: toolsets,
    surface,
    targets: targets.map(({ name }) => name),
    knownCommands: isSandbox ? everyCommand(toolList) : new KnownCommands(stateDir).read(targets.map(({ origin }) => origin)),
  };
}

function everyCommand(toolList: readonly ListedTool[]): ReadonlySet<string> {
  return new Set(toolList.map(({ tool }) => String(tool._meta?.['mailstore/command'])));
}
