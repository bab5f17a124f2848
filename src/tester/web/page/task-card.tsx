import { useState } from 'preact/hooks';
import { toVisible } from '../../../base/escape-hidden.ts';
import { findingWords } from '../../../journal/task-record.ts';
import type { CommandInfo, TaskInfo } from '../protocol.ts';
import { Code, ValueView } from './body-view.tsx';
import { dateLabel } from './labels.ts';

/** Messages that are shown, the newest; the server may send one for each mail. */
const SHOWN_MESSAGES = 200;

interface Props {
  readonly task: TaskInfo;
  readonly command: CommandInfo | undefined;
  /** Why the last attempt to cancel failed. */
  readonly problem: string | undefined;
  readonly isOpen: boolean;
  readonly onCancel: (taskId: string) => void;
}

/** A long command: how far it is, what the server says meanwhile, and its end, which stays. */
export function TaskCard({ task, command, problem, isOpen, onCancel }: Props) {
  const [isOpenAtFirst] = useState(isOpen || isRunning(task));
  const {
    taskId,
    status,
    progress,
    statusText,
    messages,
    startedAt,
    endedAt,
    target,
    cancelAskedAt,
    note,
    error,
    reason,
    result,
    evidence,
    finding,
  } = task;
  const title = command?.title ?? task.command;
  return (
    <details class={`card ${finding && finding.errors > 0 ? 'failed' : status}`} open={isOpenAtFirst}>
      <summary>
        <span class="card-title">{title}</span> <span class="status">{statusLabel(task)}</span>
        <span class="hint"> {dateLabel(startedAt)}</span>
      </summary>
      <p class="facts">
        <code>
          {task.command} {toVisible(JSON.stringify(task.argumentsMasked))}
        </code>
        {` on ${target}`}
      </p>
      {isRunning(task) && <progress aria-label={`Progress of ${title}`} max={100} {...(progress !== null && { value: progress })} />}
      {statusText !== null && statusText !== '' && <p>{toVisible(statusText)}</p>}
      {messages.length > 0 && (
        <Code label={`Messages of ${title}`}>
          {messages
            .slice(-SHOWN_MESSAGES)
            .map(({ type, text }) => toVisible(type === 'line' || type === 'information' ? text : `${type}: ${text}`))
            .join('\n')}
        </Code>
      )}
      {[error, reason].map((sentence) => sentence !== undefined && <p class="problem">{toVisible(sentence)}</p>)}
      {note !== undefined && <p class="hint">{toVisible(note)}</p>}
      {result !== undefined && result !== null && <ValueView label={`Result of ${title}`} value={result} />}
      {evidence.map(({ source, finding }) => (
        <p key={source} class="hint">
          {source}: {toVisible(finding)}
        </p>
      ))}
      {isRunning(task) && (
        <p class="actions">
          <button type="button" class="danger" disabled={cancelAskedAt !== undefined} onClick={() => onCancel(taskId)}>
            {cancelAskedAt === undefined ? 'Cancel' : 'Asked to stop…'}
          </button>
        </p>
      )}
      {problem !== undefined && <p class="problem">{toVisible(problem)}</p>}
      {endedAt !== undefined && (
        <p class="hint">
          Ended {dateLabel(endedAt)}. The server hands out an end once; this one is kept in the record as task <code>{taskId}</code>.
        </p>
      )}
    </details>
  );
}

function isRunning({ status }: TaskInfo): boolean {
  return status === 'starting' || status === 'running';
}

function statusLabel({ status, progress, finding }: TaskInfo): string {
  if (finding) return `finished with ${findingWords(finding)}`;
  return status === 'running' && progress !== null ? `running, ${progress} %` : status;
}
