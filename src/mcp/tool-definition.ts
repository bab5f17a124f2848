import type { Effect, Toolset } from '../catalogue/define-command.ts';
import type { Room } from '../catalogue/insight-view.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

/** A tool as clients see it in `tools/list`. */
export interface ToolDefinition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly inputSchema: JsonSchema & { readonly type: 'object' };
  readonly outputSchema: JsonSchema & { readonly type: 'object' };
  readonly annotations: {
    readonly readOnlyHint: boolean;
    readonly destructiveHint: boolean;
    readonly idempotentHint: boolean;
    readonly openWorldHint: boolean;
  };
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** A tool with what decides whether it is listed. */
export interface ListedTool {
  readonly tool: ToolDefinition;
  /** The toolset that it belongs to; absent for the tools of tasks and changes, which every choice of toolsets offers. */
  readonly group?: Toolset;
  /** The mildest effect that any arguments have: the access level must allow it. */
  readonly effect: Effect;
  readonly doubtful?: true;
  /** True for the tools whose calls become tasks. */
  readonly longRunning?: true;
  /** True for the tools that follow and cancel tasks: a compact surface lists them as well, since what it began is followed by them. */
  readonly isForTasks?: true;
  /** The room that draws its answer. */
  readonly room?: Room;
}
