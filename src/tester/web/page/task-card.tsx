import { toVisible } from '../../../base/escape-hidden.ts';
import { findingWords } from '../../../journal/task-record.ts';
import type { CommandInfo, TaskInfo } from '../protocol.ts';
import { AnswerView } from './answer-view.tsx';
import { Code } from './body-view.tsx';
import { formatDateTime } from './locale.ts';

/** Messages that are shown, the newest; the server may send one for each mail. */
const SHOWN_MESSAGES = 200;

interface Props {
  readonly task: TaskInfo;
  readonly command: CommandInfo | undefined;
  /** Why the last attempt to cancel failed. */
  readonly problem: string | undefined;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
  /** True when the tester's process does not answer: how the command goes on is not known here. */
  readonly isGone: boolean;
  readonly onCancel: (taskId: string) => void;
}

/** A long command: how far it is, what the server says meanwhile, and its end, which stays. */
export function TaskCard({ task, command, problem, isOpen, onToggle, isGone, onCancel }: Props) {
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
    <details class={`card ${finding && finding.errors > 0 ? 'failed' : status}`} open={isOpen}>
      <summary
        onClick={(event) => {
          event.preventDefault();
          onToggle();
        }}
      >
        <span class="card-title">{title}</span>{' '}
        <span class="hint card-facts">
          <span class="status">{isGone && isRunning(task) ? 'running when the tester ended' : statusLabel(task)}</span>{' '}
          {toVisible(describeArguments(task.argumentsMasked))}
        </span>{' '}
        <span class="hint">{formatDateTime(startedAt)}</span>
        {isRunning(task) && !isGone && (
          <progress aria-label={`Progress of ${title}`} max={100} {...(progress !== null && { value: progress })} />
        )}
      </summary>
      <p class="facts">
        <code>
          {task.command} {toVisible(JSON.stringify(task.argumentsMasked))}
        </code>
        {` on ${target}`}
      </p>
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
      <AnswerView label={`Result of ${title}`} value={result} facts={{ bytes: command?.bytes }} />
      {evidence.map(({ source, finding }) => (
        <p key={source} class="hint">
          {source}: {toVisible(finding)}
        </p>
      ))}
      {isRunning(task) && (
        <p class="actions">
          <button type="button" class="danger" disabled={isGone || cancelAskedAt !== undefined} onClick={() => onCancel(taskId)}>
            {cancelAskedAt === undefined ? 'Cancel' : 'Asked to stop…'}
          </button>
        </p>
      )}
      {problem !== undefined && <p class="problem">{toVisible(problem)}</p>}
      {endedAt !== undefined && (
        <p class="hint">
          Ended {formatDateTime(endedAt)}. The server hands out an end once; this one is kept in the record as task <code>{taskId}</code>.
        </p>
      )}
    </details>
  );
}

/** True while the server works on it, as far as is known. */
export function isRunning({ status }: TaskInfo): boolean {
  return status === 'starting' || status === 'running';
}

function statusLabel({ status, progress, finding }: TaskInfo): string {
  if (finding) return `finished with ${findingWords(finding)}`;
  return status === 'running' && progress !== null ? `running, ${progress} %` : status;
}

/** The arguments in a few words, such as `id 3, includeIndexes true`. */
function describeArguments(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
