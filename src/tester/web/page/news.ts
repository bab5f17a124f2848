import { toVisible } from '../../../base/escape-hidden.ts';
import type { TaskInfo } from '../protocol.ts';
import type { State } from './state.ts';

/** How many steps of a progress are worth a word. */
const STEPS = 4;

/** Returns the announcement for screen readers about the difference between two states. */
export function describeNews(before: State, now: State): string | undefined {
  const { shown } = now;
  if (shown?.end && before.shown?.id === shown.id && !before.shown.end) {
    switch (shown.end.kind) {
      case 'value':
        return `${shown.command} is done.`;
      case 'task':
        return `${shown.command} runs as a long command.`;
      case 'error':
        return toVisible(shown.end.message);
    }
  }
  const [problem] = now.problems;
  if (problem && before.problems !== now.problems && now.problems.length > before.problems.length) {
    return `Not sent: ${problem.field ?? ''} ${problem.message}`;
  }
  for (const task of now.tasks) {
    const said = newsOfTask(
      before.tasks.find(({ taskId }) => taskId === task.taskId),
      task,
    );
    if (said !== undefined) return said;
  }
  return undefined;
}

function newsOfTask(before: TaskInfo | undefined, { command, status, progress }: TaskInfo): string | undefined {
  if (!before) return undefined;
  if (before.status !== status) return `${command}: ${status}.`;
  const step = (percent: number | null) => Math.floor(((percent ?? 0) / 100) * STEPS);
  return step(before.progress) === step(progress) ? undefined : `${command}: ${progress} percent.`;
}
