import { useState } from 'preact/hooks';
import type { Inbox, InboxQuestion } from '../../protocol.ts';
import { formatMinute } from '../../../tester/web/page/locale.ts';

interface Props {
  readonly inbox: Inbox;
  /** False where the last look for questions failed: then there may be others. */
  readonly isCurrent: boolean;
  readonly canDecide: boolean;
  readonly timeZone: string;
  readonly onDecide: (question: InboxQuestion, how: 'grant' | 'refuse') => void;
}

/** The questions that wait for a person's yes. */
export function InboxRoom({ inbox: { questions, command }, isCurrent, canDecide, timeZone, onDecide }: Props) {
  return (
    <>
      <Notify />
      {!canDecide && (
        <p class="notice">
          This console was not opened from a terminal, so nothing is granted or refused here. In a terminal, <code>{command}</code> with the
          id does it.
        </p>
      )}
      {!isCurrent ? (
        <p>Whether other questions wait is not known: they could not be looked for.</p>
      ) : (
        questions.length === 0 && <p>No question waits. This page looks for new ones by itself.</p>
      )}
      <ul class="questions">
        {questions.map((question) => {
          const { approvalId, label, prompt, target, requestedAt, expiresAt } = question;
          return (
            <li key={approvalId} class="question">
              <h3 id={`question-${approvalId}`}>{label}</h3>
              <p class="hint">
                <code>{approvalId}</code> at {target}, asked {formatMinute(requestedAt, timeZone)}, good until{' '}
                {formatMinute(expiresAt, timeZone)}
              </p>
              <pre tabIndex={0} role="region" aria-label={`What ${label} would do`}>
                {prompt}
              </pre>
              {canDecide && (
                <p class="actions">
                  <button
                    type="button"
                    class="danger"
                    aria-describedby={`question-${approvalId}`}
                    onClick={() => onDecide(question, 'grant')}
                  >
                    Grant…
                  </button>
                  <button type="button" aria-describedby={`question-${approvalId}`} onClick={() => onDecide(question, 'refuse')}>
                    Refuse
                  </button>
                </p>
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** A browser asks for this permission only after a click. */
function Notify() {
  const [permission, setPermission] = useState(typeof Notification === 'undefined' ? 'missing' : Notification.permission);
  if (permission === 'missing') return <p class="hint">This browser has no notifications.</p>;
  if (permission === 'granted') return <p class="hint">A new question is announced on this desktop while this page is open.</p>;
  if (permission === 'denied') return <p class="hint">Notifications of this page are switched off in this browser.</p>;
  return (
    <p>
      <button type="button" onClick={() => void Notification.requestPermission().then(setPermission)}>
        Announce new questions on this desktop
      </button>
    </p>
  );
}
