import { toVisible } from '../../../base/escape-hidden.ts';
import type { CallSummary, ChangeInfo } from '../protocol.ts';
import { ValueView } from './body-view.tsx';
import { formatDuration } from './locale.ts';

/** The outcome of a call, in words. */
export function CallEndView({ call: { end, ms = 0 } }: { readonly call: CallSummary }) {
  if (!end) return <p class="outcome">Under way…</p>;
  if (end.kind === 'error') return <p class="outcome problem">{toVisible(end.message)}</p>;
  const { generated = {} } = end;
  return (
    <>
      <p class="outcome">
        {end.kind === 'task' ? 'The server answered with a token; the command runs on its own.' : `Done in ${formatDuration(ms)}.`}
      </p>
      {Object.entries(generated).map(([field, path]) => (
        <p key={field} class="notice">
          {field} was generated and written to <code>{path}</code>.
        </p>
      ))}
      {end.kind === 'value' && end.change && <ChangeView change={end.change} />}
      {end.kind === 'value' && end.drift.length > 0 && (
        <div class="notice">
          <p>The answer is not as the catalogue describes it:</p>
          <ul>
            {end.drift.map((sentence) => (
              <li key={sentence}>{toVisible(sentence)}</li>
            ))}
          </ul>
        </div>
      )}
    </>
  );
}

function ChangeView({ change: { number, before, after, note, revert } }: { readonly change: ChangeInfo }) {
  return (
    <details class="change" open>
      <summary>{number === undefined ? 'What it changed' : `What it changed (change ${number})`}</summary>
      {number !== undefined && (
        <div class="sides">
          <div>
            <h3>Before</h3>
            <ValueView label="Before the change" value={before} />
          </div>
          <div>
            <h3>After</h3>
            <ValueView label="After the change" value={after} />
          </div>
        </div>
      )}
      {revert !== undefined && (
        <p class="hint">
          <code>{revert}</code> puts it back.
        </p>
      )}
      {note !== undefined && <p class="hint">{toVisible(note)}</p>}
    </details>
  );
}
