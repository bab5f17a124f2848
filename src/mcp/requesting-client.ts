import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, type Server, type ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { excerpt } from '../base/errors.ts';
import type { CallContext } from './task-protocol.ts';

const info = z.looseObject({ name: z.string(), version: z.string() });
const capabilities = z.looseObject({ elicitation: z.looseObject({}) });

/** Returns the client as it names itself, such as `claude-code 2.1.3`: on each request since 2026-07-28, once at the opening before. */
export function clientName(server: Server, ctx: ServerContext): string {
  const said = info.safeParse(declaredOn(ctx, CLIENT_INFO_META_KEY) ?? server.getClientVersion());
  return said.success ? excerpt(`${said.data.name} ${said.data.version}`) : 'a client without a name';
}

/** Returns how the person at the client of this request can be asked; nothing where the client has not declared that it can. */
export function askingOf(server: Server, ctx: ServerContext): Pick<CallContext, 'asking'> {
  const { envelope, inputResponses, requestState } = ctx.mcpReq;
  const declared = capabilities.safeParse(declaredOn(ctx, CLIENT_CAPABILITIES_META_KEY) ?? server.getClientCapabilities());
  if (!declared.success) return {};
  const { elicitation } = declared.data;
  // A client that names no mode has the form; one that names only others has not.
  if (Object.keys(elicitation).length > 0 && !('form' in elicitation)) return {};
  const state = requestState();
  return {
    asking: {
      rung: envelope ? 'input_required' : 'elicitation',
      ...(inputResponses && { inputResponses }),
      ...(typeof state === 'string' && { requestState: state }),
    },
  };
}

/** Returns what the envelope of this very request declares. */
function declaredOn(ctx: ServerContext, key: string): unknown {
  return new Map<string, unknown>(Object.entries(ctx.mcpReq.envelope ?? {})).get(key);
}
