import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, type Server, type ServerContext } from '@modelcontextprotocol/server';
import { excerpt } from '../base/errors.ts';
import { rowOf } from '../catalogue/looks.ts';
import type { CallContext } from './task-protocol.ts';

// Read by hand: a schema that a client does not meet would build an error with its stack on every call.

/** Returns the client as it names itself, such as `claude-code 2.1.3`: on each request since 2026-07-28, once at the opening before. */
export function clientName(server: Server, ctx: ServerContext): string {
  const { name, version } = rowOf(declaredOn(ctx, CLIENT_INFO_META_KEY) ?? server.getClientVersion());
  return typeof name === 'string' && typeof version === 'string' ? excerpt(`${name} ${version}`) : 'a client without a name';
}

/** Returns how the person at the client of this request can be asked; nothing where the client has not declared that it can. */
export function askingOf(server: Server, ctx: ServerContext): Pick<CallContext, 'asking'> {
  const { envelope, inputResponses, requestState } = ctx.mcpReq;
  const { elicitation } = rowOf(declaredOn(ctx, CLIENT_CAPABILITIES_META_KEY) ?? server.getClientCapabilities());
  if (typeof elicitation !== 'object' || elicitation === null) return {};
  // A client that names no mode has the form; one that names only others has not.
  if (Object.keys(elicitation).length > 0 && !('form' in elicitation)) return {};
  const state = requestState();
  return {
    asking: {
      channel: envelope ? 'input_required' : 'elicitation',
      ...(inputResponses && { inputResponses }),
      ...(typeof state === 'string' && { requestState: state }),
    },
  };
}

/** Returns what the envelope of this very request declares. */
function declaredOn({ mcpReq }: ServerContext, key: string): unknown {
  return rowOf(mcpReq.envelope)[key];
}
