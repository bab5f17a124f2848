import type { ElicitRequestFormParams } from '@modelcontextprotocol/server';
import type { Deadline } from '../base/deadline.ts';

/** The client as it names itself, such as `claude-code 2.1.3`. */
export interface ClaimedClient {
  readonly claimed: string;
}

/** Who asks to cancel a task, and the time of the request. */
export interface CancellingClient {
  readonly client: ClaimedClient;
  readonly deadline?: Deadline;
}

/** What a call brings in addition to its arguments. */
export interface CallContext {
  readonly signal: AbortSignal;
  /** The time of the call, which runs since it arrived. */
  readonly deadline: Deadline;
  /** Reports the progress of a call to the client; absent when the client did not ask for it. */
  readonly onProgress?: (progress: number, message: string | undefined) => void;
  readonly client: ClaimedClient;
  /** True where the client draws answers for the person. */
  readonly showsViews?: boolean;
  /** How the person at the client can be asked; absent if the client has not declared that it can. */
  readonly elicitation?: ElicitationContext;
}

/** Sends a form to the person at a client and waits for the answer. Rejects when the client answers with an error, or `signal` aborts. */
export type Elicit = (form: ElicitRequestFormParams, signal: AbortSignal | undefined) => Promise<unknown>;

/** How the person at a client can be asked. */
export type ElicitationContext =
  /** Up to revision 2025-11-25. */
  | { readonly elicit: Elicit }
  /** Since 2026-07-28: what came back of an earlier round of the call. */
  | {
      readonly inputResponses?: Readonly<Record<string, unknown>>;
      /** The state that an earlier round of the call left with the client. */
      readonly requestState?: string;
    };
