import { readRow } from '../base/rows.ts';
import type { Room } from '../catalogue/insight-view.ts';

/** The extension of MCP Apps (specification 2026-01-26), by which a client declares that it shows views. */
const UI_EXTENSION = 'io.modelcontextprotocol/ui';

/** The media type of a view. */
const VIEW_TYPE = 'text/html;profile=mcp-app';

/** Where the result of a tool carries what its view draws; a host gives it to the view and not to the model. */
export const VIEW_META = 'mailstore/view';

/** The rooms that are shown inside of a chat. A matrix of everybody's rights needs the width of a window. */
const SHOWN_ROOMS: readonly Room[] = ['health', 'runs', 'storage'];

const TITLES: Readonly<Record<Room, string>> = {
  health: 'Health of the archive',
  runs: 'Calendar of runs',
  storage: 'Storage and forecast',
  access: 'Access',
};

/** A view may not reach any network: not for data, files, frames or its base address. */
const VIEW_POLICY = { csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] }, prefersBorder: true };

/** Returns the views as `resources/list` shows them. */
export function listViews() {
  return SHOWN_ROOMS.map((room) => ({
    uri: viewUri(room),
    name: room,
    title: TITLES[room],
    description: `Draws the answer of a tool; reads nothing by itself.`,
    mimeType: VIEW_TYPE,
    _meta: { ui: VIEW_POLICY },
  }));
}

/** Returns the room of a view's URI, or undefined. */
export function findViewRoom(uri: string): Room | undefined {
  return SHOWN_ROOMS.find((room) => viewUri(room) === uri);
}

/** Returns the content of `resources/read` for a view. */
export function viewContent(uri: string, html: string) {
  return { contents: [{ uri, mimeType: VIEW_TYPE, text: html, _meta: { ui: VIEW_POLICY } }] };
}

/** Returns the `_meta` by which a client finds the view of a tool; undefined for a room that is not shown in a chat. */
export function viewMeta(room: Room | undefined): Readonly<Record<string, unknown>> | undefined {
  return room !== undefined && SHOWN_ROOMS.includes(room) ? { ui: { resourceUri: viewUri(room) } } : undefined;
}

/** True for the capabilities of a client that shows views. */
export function declaresViews(capabilities: unknown): boolean {
  const { mimeTypes } = readRow(readRow(readRow(capabilities)['extensions'])[UI_EXTENSION]);
  return Array.isArray(mimeTypes) && mimeTypes.includes(VIEW_TYPE);
}

function viewUri(room: Room): string {
  return `ui://mailstore-mcp/${room}`;
}
