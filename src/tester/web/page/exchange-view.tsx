import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toVisible } from '../../../base/escape-hidden.ts';
import type { CallRecord, CopyForm, NumberedExchange } from '../protocol.ts';
import { BodyView, Code } from './body-view.tsx';
import { CallEndView } from './call-end-view.tsx';
import { AnswerView } from './answer-view.tsx';
import type { FieldFacts } from './cells.ts';
import { formatDuration, formatSize } from './locale.ts';
import { ReportView } from './report-view.tsx';

interface Props {
  readonly call: CallRecord;
  /** Fields of the answer that hold a number of bytes. */
  readonly bytes: readonly string[] | undefined;
  readonly onCopy: (exchange: number, as: CopyForm) => void;
  /** True where the answer has the width of the whole page. */
  readonly isWide: boolean;
  readonly onWide: (isWide: boolean) => void;
  /** Shown with the outcome: the card of the long command that the call began. */
  readonly children: ComponentChildren;
}

const PURPOSES: Readonly<Record<NumberedExchange['purpose'], string>> = {
  call: 'the call',
  status: 'its status',
  cancel: 'asked to stop',
  support: 'with the call',
};

const COPIES: readonly (readonly [as: CopyForm, label: string])[] = [
  ['curl', 'curl'],
  ['powershell', 'PowerShell'],
  ['terminal', 'Terminal'],
  ['mcp', 'MCP call'],
];

/** The outcome of a call, what it returned, and its exchanges: request and response. */
export function ExchangeView({ call, bytes, onCopy, isWide, onWide, children }: Props) {
  const [isRaw, setRaw] = useState(false);
  const [chosen, setChosen] = useState<number>();
  const { exchanges, answer } = call;
  const shown = exchanges.find(({ number }) => number === chosen) ?? exchanges.findLast(({ purpose }) => purpose === 'call');
  const facts: FieldFacts = { bytes, zone: answer?.kind === 'value' ? answer.zone : undefined };
  return (
    <section class="exchange panel" aria-labelledby="exchange-heading">
      <div class="exchange-head">
        <h2 id="exchange-heading" tabIndex={-1}>
          {call.command}
        </h2>
        <button type="button" class="small" aria-pressed={isWide} onClick={() => onWide(!isWide)}>
          Full width
        </button>
      </div>
      <CallEndView call={call} />
      {children}
      {answer?.kind === 'value' && <AnswerView key={call.id} label={`Answer to ${call.command}`} value={answer.value} facts={facts} />}
      {answer?.kind === 'report' && <ReportView key={call.id} label={call.command} report={answer.report} />}
      <h3 class="wire-heading">What went over the wire</h3>
      {call.isEarlier && <p class="hint">It was sent before the tester was started again: its exchanges and its answer are gone.</p>}
      <div class="exchange-bar">
        {exchanges.length > 0 && (
          <select
            aria-label="Exchange"
            value={shown ? String(shown.number) : ''}
            onChange={(event) => setChosen(Number(event.currentTarget.value))}
          >
            {!shown && <option value="">{call.end ? 'The call itself was not sent' : 'Not sent yet'}</option>}
            {exchanges.map((exchange) => (
              <option key={exchange.number} value={String(exchange.number)}>
                {exchangeLabel(exchange)}
              </option>
            ))}
          </select>
        )}
        {shown && (
          <span class="group" role="group" aria-label="How it is shown">
            <button type="button" class="small" aria-pressed={!isRaw} onClick={() => setRaw(false)}>
              Pretty
            </button>
            <button type="button" class="small" aria-pressed={isRaw} onClick={() => setRaw(true)}>
              Raw
            </button>
          </span>
        )}
        <span class="group" role="group" aria-label="Copy as">
          <span class="hint">Copy as</span>
          {COPIES.filter(([as]) => shown !== undefined || as === 'mcp' || as === 'terminal').map(([as, label]) => (
            <button key={as} type="button" class="small" onClick={() => onCopy(shown?.number ?? 0, as)}>
              {label}
            </button>
          ))}
        </span>
      </div>
      {shown && (
        <div class="sides">
          <Request exchange={shown} isRaw={isRaw} />
          <Response exchange={shown} isRaw={isRaw} />
        </div>
      )}
    </section>
  );
}

interface SideProps {
  readonly exchange: NumberedExchange;
  readonly isRaw: boolean;
}

function Request({ exchange: { request }, isRaw }: SideProps) {
  const { method, url, headers, body } = request;
  const { origin, pathname, search } = new URL(url);
  return (
    <section aria-labelledby="request-heading">
      <h3 id="request-heading">Request</h3>
      <p class="facts">
        <strong>{method}</strong> {formatSize(new TextEncoder().encode(body).length)}
      </p>
      {isRaw ? (
        <RawMessage label="Request, raw" firstLine={`${method} ${pathname}${search} HTTP/1.1`} headers={headers} body={body} />
      ) : (
        <>
          <p class="address">
            {origin}
            <wbr />
            {toVisible(pathname + search)}
          </p>
          <Headers headers={headers} label="Headers of the request" />
          <BodyView label="Body of the request" body={body} contentType={findContentType(headers)} isRaw={false} />
        </>
      )}
    </section>
  );
}

function Response({ exchange: { response, error, ms }, isRaw }: SideProps) {
  if (!response) {
    return (
      <section aria-labelledby="response-heading">
        <h3 id="response-heading">Response</h3>
        <p class="facts">none, after {formatDuration(ms)}</p>
        <p class="problem">{toVisible(error ?? '')}</p>
      </section>
    );
  }
  const { status, reason, headers, body, bytes } = response;
  return (
    <section aria-labelledby="response-heading">
      <h3 id="response-heading">Response</h3>
      <p class="facts">
        <strong>{`${status} ${toVisible(reason)}`.trim()}</strong> {formatDuration(ms)}, {formatSize(bytes)}
      </p>
      {isRaw ? (
        <RawMessage label="Response, raw" firstLine={`HTTP/1.1 ${status} ${reason}`} headers={headers} body={body} />
      ) : (
        <>
          <Headers headers={headers} label="Headers of the response" />
          <BodyView label="Body of the response" body={body} contentType={findContentType(headers)} isRaw={false} />
        </>
      )}
    </section>
  );
}

type ShownHeaders = NumberedExchange['request']['headers'];

interface RawMessageProps {
  readonly label: string;
  readonly firstLine: string;
  readonly headers: ShownHeaders;
  readonly body: string;
}

function RawMessage({ label, firstLine, headers, body }: RawMessageProps) {
  const head = [firstLine, ...headers.map(([name, value]) => `${name}: ${value}`)].join('\n');
  return <BodyView label={label} body={`${head}\n\n${body}`} contentType="" isRaw />;
}

function Headers({ headers, label }: { readonly headers: ShownHeaders; readonly label: string }) {
  return (
    <details>
      <summary>
        {headers.length} {headers.length === 1 ? 'header' : 'headers'}
      </summary>
      <Code label={label}>{toVisible(headers.map(([name, value]) => `${name}: ${value}`).join('\n'))}</Code>
    </details>
  );
}

function exchangeLabel({ number, purpose, request, response, ms }: NumberedExchange): string {
  return `${number}: ${PURPOSES[purpose]}, ${request.method} ${new URL(request.url).pathname}, ${response?.status ?? 'no answer'}, ${formatDuration(ms)}`;
}

function findContentType(headers: ShownHeaders): string {
  return headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}
