import type { Command } from '../catalogue/define-command.ts';

/** One line that the server reports about a running command. */
export interface Message {
  /** `line`, `information`, `warning`, `error`, or a word that a newer server uses. */
  readonly type: string;
  readonly text: string;
}

/** What identifies a long run towards the server: the token, and in the 2012 form the path under which its status is asked. */
export interface RunHandle {
  readonly token: string;
  readonly statusPath?: string;
}

/** How far a running command is. Every part may be missing, and a percentage may go backwards. */
export interface Progress {
  /** The status version to send back with the next poll; 0 where the dialect has none. */
  readonly version: number;
  readonly percent: number | null;
  readonly text: string | null;
  readonly messages: readonly Message[];
}

/** What any answer of either dialect says, once its form is taken off. */
export type Reply =
  | { readonly kind: 'value'; readonly value: unknown; readonly progress: Progress }
  | { readonly kind: 'running'; readonly run: RunHandle; readonly progress: Progress }
  /** The command did not succeed: it failed, or was cancelled. */
  | { readonly kind: 'failed'; readonly word: 'failed' | 'cancelled'; readonly message: string; readonly progress: Progress };

export const NO_PROGRESS: Progress = { version: 0, percent: null, text: null, messages: [] };

/** A request as a dialect wants it sent: a POST unless it says otherwise, the body form-encoded. */
export interface WireRequest {
  readonly method?: 'GET';
  readonly path: string;
  readonly body: string;
}

/** An answer as it came: its bytes, nothing parsed. */
export interface WireResponse {
  readonly status: number;
  readonly contentType: string;
  /** The value of the header `Content-Encoding`; absent where the body is not compressed. */
  readonly encoding?: string;
  /** The value of the header `Location`. */
  readonly location?: string;
  readonly body: Uint8Array;
  /** Why the connection ended before the answer was complete in the sense of HTTP; absent for a complete answer. */
  readonly cutBy?: Error;
}

/** The command that an answer belongs to, as far as reading the answer depends on it. */
export type CalledCommand = Pick<Command, 'name' | 'longRunning'>;

/** One form of MailStore's API. What a form lacks (cancel, metadata) is absent. */
export interface Dialect {
  readonly name: 'modern' | 'json-2012' | 'xml-2012';
  invoke(command: string, form: string): WireRequest;
  /**
   * Asks for the status of a run; the server may hold the answer for up to `waitMs`. Throws MailStoreError `foreignStatusUrl` for a run whose
   * status path is none, whether the server named it or a journal kept it.
   */
  status(run: RunHandle, knownVersion: number, waitMs: number): WireRequest;
  /** Asks the same with the other method, for a server that answers 405 to the first. */
  statusAfter405?(run: RunHandle): WireRequest;
  cancel?(run: RunHandle): WireRequest;
  readonly metadata?: WireRequest;
  /** True when an answer certainly says only that the run continues. Decided by a text search without parsing; false in doubt. */
  saysRunning(response: WireResponse): boolean;
  /** True when an answer holds a word that ends a run, whether the rest of it can be read or not. */
  saysEnded(response: WireResponse): boolean;
  /**
   * Reads the answer to `invoke` or `status`; `run` is the one that was asked for. Throws MailStoreError where the answer is none of this
   * dialect: a page of a proxy, broken text, an HTTP error.
   */
  read(response: WireResponse, command: CalledCommand, run?: RunHandle): Reply;
}
