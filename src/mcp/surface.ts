import type { Access } from '../base/target.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import { readLinkedTimeZone } from '../config/linked-time-zone.ts';
import { writeInstructions } from './instructions.ts';
import { offeredTools, type Offer } from './offered-tools.ts';
import type { Room } from '../catalogue/insight-view.ts';
import { viewMeta } from './drawn-views.ts';
import type { ListedTool, ToolDefinition } from './tool-definition.ts';

/** What a client reads of a server before it calls a tool. Fixed when the server starts. */
export interface Surface {
  readonly version: string;
  readonly tools: readonly ToolDefinition[];
  /** The tools that the access offers, whether they are listed or reached by those of a compact surface. */
  readonly offered?: readonly ToolDefinition[];
  /** The names of the tools that may be answered with a task, whether they are listed or not. */
  readonly longRunning: ReadonlySet<string>;
  /** The rooms that draw the answers of tools, by the names of these. */
  readonly rooms?: ReadonlyMap<string, Room>;
  readonly instructions: string;
}

/** The revisions opened by `initialize` are `legacy`, 2026-07-28 and later are `modern`; the names are the SDK's. */
export type Era = 'legacy' | 'modern';

export interface SurfaceParts {
  readonly version: string;
  /** The tools of all editions that are connected. */
  readonly toolList: readonly ListedTool[];
  /** The tools that a compact surface lists in their place, by access; only a compact surface needs them. */
  readonly compactLists?: Readonly<Record<Access, readonly ListedTool[]>>;
  readonly offer: Offer;
  readonly fault?: string | undefined;
  /** The IANA zone in which times are asked for and shown; the machine's by default. */
  readonly timeZone?: string | undefined;
  /** The access at each target, where they differ. */
  readonly targetAccess?: ReadonlyMap<string, Access> | undefined;
}

/** Returns what a server shows. `fault` says in a sentence, with its cure, what keeps the server from working. */
export function createSurface({
  version,
  toolList,
  compactLists,
  offer,
  fault,
  timeZone = readLinkedTimeZone() ?? machineTimeZone(),
  targetAccess,
}: SurfaceParts): Surface {
  const offered = offeredTools(toolList, offer);
  return {
    version,
    tools:
      offer.surface === 'compact'
        ? [...(compactLists?.[offer.access] ?? []), ...toolList.filter(({ isForTasks }) => isForTasks)].map(({ tool }) => tool)
        : offered,
    offered,
    longRunning: new Set(toolList.filter((listed) => listed.longRunning).map(({ tool }) => tool.name)),
    rooms: new Map((fault === undefined ? toolList : []).flatMap(({ tool, room }) => (room ? [[tool.name, room] as const] : []))),
    instructions: fault === undefined ? writeInstructions({ offer, toolList, timeZone, targetAccess }) : describeFault(fault),
  };
}

/** Clients show these instructions, or give them to the model, and show little else of a server that does not work. */
function describeFault(fault: string): string {
  return `This server does nothing until its configuration is mended, and every tool answers so: ${fault} Report this to the person who set it up.`;
}

/**
 * Returns the tools as `tools/list` shows them. Tasks are never `required`: clients without them could not call such a tool at all. `showsViews` is
 * true for a client that draws answers: its tools name their views, in a place that no model reads.
 */
export function listTools({ tools, longRunning, rooms }: Surface, era: Era, { showsViews = false } = {}): ListedTools {
  return tools.map((tool) => {
    const view = showsViews ? viewMeta(rooms?.get(tool.name)) : undefined;
    return {
      ...tool,
      ...(view && { _meta: { ...tool._meta, ...view } }),
      ...(era === 'legacy' && longRunning.has(tool.name) && { execution: { taskSupport: 'optional' as const } }),
    };
  });
}

type ListedTools = (ToolDefinition & { readonly execution?: { readonly taskSupport: 'optional' } })[];
