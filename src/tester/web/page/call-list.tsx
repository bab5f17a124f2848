import { toVisible } from '../../../base/escape-hidden.ts';
import type { CallSummary } from '../protocol.ts';
import { callLabel } from './labels.ts';
import { formatClock, formatDuration } from './locale.ts';

interface Props {
  readonly calls: readonly CallSummary[];
  readonly shown: number | undefined;
  readonly isSending: boolean;
  readonly onOpen: (id: number) => void;
  readonly onRepeat: (id: number) => void;
}

/** The calls of this run, the newest first: each can be looked at again, and made again. */
export function CallList({ calls, shown, isSending, onOpen, onRepeat }: Props) {
  return (
    <section class="history panel" aria-labelledby="history-heading">
      <h2 id="history-heading">History of this run</h2>
      {calls.length === 0 && <p class="hint">Nothing was sent yet.</p>}
      <ol>
        {calls.map((call) => (
          <li key={call.id}>
            <button type="button" class="entry" aria-current={call.id === shown ? 'true' : undefined} onClick={() => onOpen(call.id)}>
              <span class="command-name">{call.command}</span>
              <span class={call.end?.kind === 'error' ? 'problem' : 'hint'}>{callLabel(call)}</span>
              <span class="hint arguments">{toVisible(JSON.stringify(call.args))}</span>
              <span class="hint">
                {formatClock(call.startedAt)}
                {call.ms !== undefined && `, ${formatDuration(call.ms)}`}
              </span>
            </button>
            <button
              type="button"
              class="small"
              disabled={isSending}
              aria-label={`Repeat ${call.command} of ${formatClock(call.startedAt)}`}
              onClick={() => onRepeat(call.id)}
            >
              Repeat
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}
