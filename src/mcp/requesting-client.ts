import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, type Server, type ServerContext } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { excerpt } from '../base/errors.ts';
import { readRow } from '../base/rows.ts';
import { declaresViews } from './drawn-views.ts';
import type { CallContext, Elicit } from './call-context.ts';

// Read by hand: a schema that a client does not meet would build an error with its stack on every call.

/** Returns the client as it names itself, such as `claude-code 2.1.3`: on each request since 2026-07-28, once at the opening before. */
export function claimedClient(server: Server, ctx: ServerContext): { readonly claimed: string } {
  const { name, version } = readRow(declaredOn(ctx, CLIENT_INFO_META_KEY) ?? server.getClientVersion());
  return { claimed: typeof name === 'string' && typeof version === 'string' ? excerpt(`${name} ${version}`) : 'a client without a name' };
}

const anyObject = z.looseObject({});

/** The longest time that a timer can measure: the guard ends a question that is not answered. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** Returns how the person at the client of this request can be asked; nothing if the client has not declared that it can. */
export function elicitationContext(server: Server, ctx: ServerContext): Pick<CallContext, 'elicitation'> {
  const { envelope, inputResponses, requestState, signal } = ctx.mcpReq;
  const { elicitation } = readRow(declaredOn(ctx, CLIENT_CAPABILITIES_META_KEY) ?? server.getClientCapabilities());
  if (typeof elicitation !== 'object' || elicitation === null) return {};
  // A client that names no mode has the form; one that names only others has not.
  if (Object.keys(elicitation).length > 0 && !('form' in elicitation)) return {};
  if (!envelope) {
    // The SDK's own bridge from input_required ends the call when a client answers with an error, so the question is sent here.
    const elicit: Elicit = async (form, over) =>
      ctx.mcpReq.send({ method: 'elicitation/create', params: form }, anyObject, {
        timeout: NO_LIMIT_MS,
        signal: over ? AbortSignal.any([signal, over]) : signal,
      });
    return { elicitation: { elicit } };
  }
  const state = requestState();
  return { elicitation: { ...(inputResponses && { inputResponses }), ...(typeof state === 'string' && { requestState: state }) } };
}

/** True where the client of this request has declared that it draws answers. */
export function showsViews(server: Server, ctx: ServerContext): boolean {
  return declaresViews(declaredOn(ctx, CLIENT_CAPABILITIES_META_KEY) ?? server.getClientCapabilities());
}

/** Returns what the envelope of this very request declares. */
function declaredOn({ mcpReq }: ServerContext, key: string): unknown {
  return readRow(mcpReq.envelope)[key];
}
