import { useEffect, useState } from 'preact/hooks';
import { isRow, readRow } from '../../base/rows.ts';
import type { InsightView } from '../../catalogue/insight-view.ts';
import { SheetBody } from './sheet-body.tsx';

/** The revision of MCP Apps that this view speaks (specification 2026-01-26). */
const PROTOCOL_VERSION = '2026-01-26';

/** Where the result of a tool carries what is drawn; `VIEW_META` of the server. */
const VIEW_META = 'mailstore/view';

/** A result of a tool as the host hands it over: it may have any shape. */
type ToolResult = Readonly<Record<string, unknown>>;

/** A room inside of a chat: it draws the result of the tool that the host hands over, and asks for nothing. */
export function ChatView() {
  const [result, setResult] = useState<ToolResult>();
  const [said, setSaid] = useState('Waiting for the answer…');
  useEffect(() => connectToHost({ onResult: setResult, onCancelled: () => setSaid('The call was cancelled.') }), []);
  if (!result) return <p role="status">{said}</p>;
  const { view, timeZone } = readRow(readRow(result['_meta'])[VIEW_META]);
  const { headline, notLookedAt, notRead } = readRow(result['structuredContent']);
  if (!isView(view) || result['isError'] === true) return <p class="wrap">{readText(result)}</p>;
  return (
    <main class="chat-view">
      <SheetBody
        headline={typeof headline === 'string' ? headline : ''}
        view={view}
        notLookedAt={readTexts(notLookedAt)}
        notRead={readNotRead(notRead)}
        timeZone={typeof timeZone === 'string' ? timeZone : 'UTC'}
      />
    </main>
  );
}

/** The server that wrote the view is the one that wrote this page, so its room is enough to know its shape. */
function isView(value: unknown): value is InsightView {
  return isRow(value) && typeof value['room'] === 'string';
}

function readText({ content }: ToolResult): string {
  const parts = Array.isArray(content) ? content.map((part: unknown) => readRow(part)['text']) : [];
  return readTexts(parts).join('\n');
}

function readTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function readNotRead(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : []).map(
    (entry: unknown) => `${String(readRow(entry)['tool'])}: ${String(readRow(entry)['reason'])}`,
  );
}

interface HostEvents {
  readonly onResult: (result: ToolResult) => void;
  readonly onCancelled: () => void;
}

/**
 * Speaks the few messages of MCP Apps that a view needs which only draws. The official library would be four times as large as this page. Returns
 * what ends it.
 */
function connectToHost({ onResult, onCancelled }: HostEvents): () => void {
  const send = (message: Readonly<Record<string, unknown>>) => parent.postMessage({ jsonrpc: '2.0', ...message }, '*');
  const applyContext = ({ theme }: Readonly<Record<string, unknown>>) => {
    if (theme === 'light' || theme === 'dark') document.documentElement.dataset['theme'] = theme;
  };
  const observer = new ResizeObserver(() => {
    const { width, height } = document.body.getBoundingClientRect();
    send({ method: 'ui/notifications/size-changed', params: { width: Math.ceil(width), height: Math.ceil(height) } });
  });
  const onMessage = ({ source, data }: MessageEvent) => {
    if (source !== parent || !isRow(data)) return;
    const { id, method, params, result } = data;
    switch (method) {
      case undefined:
        if (id !== 1) return;
        applyContext(readRow(readRow(result)['hostContext']));
        send({ method: 'ui/notifications/initialized', params: {} });
        observer.observe(document.body);
        return;
      case 'ui/notifications/tool-result':
        onResult(readRow(params));
        return;
      case 'ui/notifications/tool-cancelled':
        onCancelled();
        return;
      case 'ui/notifications/host-context-changed':
        applyContext(readRow(params));
        return;
      default:
        if (id === undefined) return;
        if (method === 'ping' || method === 'ui/resource-teardown') send({ id, result: {} });
        else send({ id, error: { code: -32_601, message: 'This view has no such method.' } });
    }
  };
  addEventListener('message', onMessage);
  const appInfo = { name: 'mailstore-mcp', version: '1' };
  send({ id: 1, method: 'ui/initialize', params: { protocolVersion: PROTOCOL_VERSION, appInfo, appCapabilities: {} } });
  return () => {
    removeEventListener('message', onMessage);
    observer.disconnect();
  };
}
