import { useState } from 'preact/hooks';
import { toVisible } from '../../../base/escape-hidden.ts';
import type { CallSummary } from '../protocol.ts';
import { callLabel, FORM_LABELS, hasFailed } from './labels.ts';
import { formatClock, formatCount, formatDuration } from './locale.ts';

interface Props {
  readonly calls: readonly CallSummary[];
  readonly shown: number | undefined;
  readonly isSending: boolean;
  readonly onOpen: (id: number) => void;
  readonly onRepeat: (id: number) => void;
}

/** Which calls a choice of outcomes shows. */
const OUTCOMES: Readonly<Record<string, (call: CallSummary) => boolean>> = {
  'all outcomes': () => true,
  done: (call) => call.end !== undefined && !hasFailed(call),
  'not done': hasFailed,
  'long commands': ({ end }) => end?.kind === 'task',
  'under way': ({ end }) => end === undefined || (end.kind === 'task' && end.outcome === undefined),
};

/** Calls that are listed before the rest is asked for. */
const LISTED = 30;

/** The calls of this run and of earlier ones, the newest first: filtered, looked at again, and made again. */
export function CallList({ calls, shown, isSending, onOpen, onRepeat }: Props) {
  const [filter, setFilter] = useState('');
  const [outcome, setOutcome] = useState('all outcomes');
  const [isWhole, setWhole] = useState(false);
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const found = calls.filter((call) => OUTCOMES[outcome]?.(call) && words.every((word) => writeCall(call).includes(word)));
  const listed = isWhole ? found : found.slice(0, LISTED);
  return (
    <section class="history panel" aria-labelledby="history-heading">
      <h2 id="history-heading">History</h2>
      {calls.length === 0 && <p class="hint">Nothing was sent yet.</p>}
      {calls.length > 1 && (
        <div class="history-bar">
          <input
            type="text"
            aria-label="Filter the history"
            placeholder="Filter"
            autocomplete="off"
            spellcheck={false}
            value={filter}
            onInput={(event) => setFilter(event.currentTarget.value)}
          />
          <select aria-label="Outcome" value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)}>
            {Object.keys(OUTCOMES).map((known) => (
              <option key={known}>{known}</option>
            ))}
          </select>
        </div>
      )}
      {calls.length > 0 && found.length === 0 && <p class="hint">No call matches.</p>}
      <ol>
        {listed.map((call) => (
          <li key={call.id}>
            <button type="button" class="entry" aria-current={call.id === shown ? 'true' : undefined} onClick={() => onOpen(call.id)}>
              <span class="command-name">{call.command}</span>
              <span class={hasFailed(call) ? 'problem' : 'hint'}>{callLabel(call)}</span>
              <span class="hint arguments">{toVisible(JSON.stringify(call.args))}</span>
              <span class="hint">
                {formatClock(call.startedAt)}
                {call.ms !== undefined && `, ${formatDuration(call.ms)}`}
                {call.form !== 'auto' && `, ${FORM_LABELS[call.form]}`}
              </span>
            </button>
            <button
              type="button"
              class="small"
              disabled={isSending || call.notRepeatable !== undefined}
              title={call.notRepeatable}
              aria-label={`Repeat ${call.command} of ${formatClock(call.startedAt)}`}
              onClick={() => onRepeat(call.id)}
            >
              Repeat
            </button>
          </li>
        ))}
      </ol>
      {listed.length < found.length && (
        <p>
          <button type="button" class="small" onClick={() => setWhole(true)}>
            Show {formatCount(found.length - listed.length, 'older call')}
          </button>
        </p>
      )}
    </section>
  );
}

/** What a filter looks through: the command, its arguments, where it went, and how it ended. */
function writeCall(call: CallSummary): string {
  const { command, args, target, form, end } = call;
  return [command, JSON.stringify(args), target, FORM_LABELS[form], callLabel(call), end?.kind === 'error' ? end.message : '']
    .join('\n')
    .toLowerCase();
}
