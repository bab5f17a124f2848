import type { McpServerFactory, ServerContext } from '@modelcontextprotocol/server';
import { systemClock, type Clock } from '../base/clock.ts';
import { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import { CALL_MS } from '../base/limits.ts';
import { claimedClient, elicitationContext, showsViews } from './requesting-client.ts';
import { listTools, type Surface } from './surface.ts';
import type { Library, LibraryCaller } from './library.ts';
import type { CallContext } from './call-context.ts';
import { answerCall, answerMethod, TaskServer, type Calls } from './task-protocol.ts';
import { tasks2025 } from './tasks-2025.ts';
import { tasksExtension } from './tasks-extension.ts';

/** What answers behind a surface. */
export interface ServerDependencies {
  /** Loads what calls need; listing tools needs none of it. */
  readonly calls: () => Promise<Calls>;
  /** Returns how long a request has waited, in milliseconds, before the protocol library was there to take it. */
  readonly waitedMs?: (requestId: unknown) => number;
  /** Measures how long a call is held; the machine's own by default. */
  readonly clock?: Clock;
}

/** A list that only a restart changes may be kept for an hour. */
const LIST_CACHE = { ttlMs: 3_600_000, cacheScope: 'private' } as const;

/**
 * Returns a factory of protocol servers over shared dependencies: one serves each connection, and one more answers an opening
 * `server/discover` that is followed by `initialize`.
 */
export function protocolServers(
  surface: Surface,
  { calls, waitedMs = () => 0, clock = systemClock }: ServerDependencies,
): McpServerFactory {
  const { version, instructions, longRunning } = surface;
  return ({ era }) => {
    const face = era === 'modern' ? tasksExtension : tasks2025;
    const plain = { tools: listTools(surface, era) };
    const drawn = { tools: listTools(surface, era, { showsViews: true }) };
    const server = new TaskServer(
      { name: 'mailstore-mcp', title: 'MailStore', version },
      {
        capabilities: { tools: {}, prompts: {}, resources: {}, completions: {}, ...face.capabilities },
        instructions,
        cacheHints: {
          'tools/list': LIST_CACHE,
          'prompts/list': LIST_CACHE,
          'resources/list': LIST_CACHE,
          'resources/templates/list': LIST_CACHE,
        },
      },
    );
    server.setRequestHandler('tools/list', (_request, ctx) => (showsViews(server, ctx) ? drawn : plain));
    server.setRequestHandler('tools/call', async ({ params }, ctx) => {
      const call = { ...params, arguments: params.arguments ?? {}, isLongRunning: longRunning.has(params.name) };
      const { signal } = ctx.mcpReq;
      const deadline = new Deadline(clock, CALL_MS - waitedMs(ctx.mcpReq.id));
      const context = {
        signal,
        deadline,
        client: claimedClient(server, ctx),
        showsViews: showsViews(server, ctx),
        ...elicitationContext(server, ctx),
        ...reportProgress(ctx),
      };
      try {
        return await answerCall({ server, face, calls }, call, ctx, context);
      } finally {
        deadline.end();
      }
    });
    registerLibrary(server, calls);
    face.register(server, calls);
    return server;
  };
}

/** Registers prompts, resources and completions, whose lists are empty while the configuration keeps the server from working. */
function registerLibrary(server: TaskServer, calls: () => Promise<Calls>): void {
  const open = async (): Promise<Library | undefined> =>
    calls().then(
      ({ library }) => library,
      (error: unknown) => {
        if (error instanceof MailStoreError) return undefined;
        throw error;
      },
    );
  const answer = async <Answer>(ctx: ServerContext, act: (library: Library, caller: LibraryCaller) => Answer | Promise<Answer>) => {
    const deadline = new Deadline(systemClock, CALL_MS);
    try {
      return await answerMethod(async () =>
        act((await calls()).library, {
          client: claimedClient(server, ctx),
          showsViews: showsViews(server, ctx),
          signal: ctx.mcpReq.signal,
          deadline,
        }),
      );
    } finally {
      deadline.end();
    }
  };
  server.setRequestHandler('prompts/list', async () => ({ prompts: [...((await open())?.prompts() ?? [])] }));
  server.setRequestHandler('resources/list', async (_request, ctx) => ({
    resources: [...((await open())?.resources({ showsViews: showsViews(server, ctx) }) ?? [])],
  }));
  server.setRequestHandler('resources/templates/list', async () => ({ resourceTemplates: [...((await open())?.templates() ?? [])] }));
  server.setRequestHandler('prompts/get', async ({ params }, ctx) =>
    answer(ctx, (library) => library.prompt(params.name, params.arguments)),
  );
  server.setRequestHandler('resources/read', async ({ params }, ctx) => answer(ctx, (library, caller) => library.read(params.uri, caller)));
  server.setRequestHandler('completion/complete', async ({ params }, ctx) =>
    answer(ctx, (library, caller) => library.complete(params.ref, params.argument, caller)),
  );
}

/** Progress goes out only to a client that sent a token for it. */
function reportProgress(ctx: ServerContext): Pick<CallContext, 'onProgress'> {
  const progressToken = ctx.mcpReq._meta?.progressToken;
  if (progressToken === undefined) return {};
  return {
    onProgress: (progress, message) => {
      const params = { progressToken, progress, total: 100, ...(message !== undefined && { message }) };
      void ctx.mcpReq.notify({ method: 'notifications/progress', params }).catch(() => undefined);
    },
  };
}
