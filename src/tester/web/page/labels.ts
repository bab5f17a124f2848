import { ACCESS_LEVELS, type ApiForm } from '../../../base/target.ts';
import type { CallSummary, CommandInfo, TargetInfo } from '../protocol.ts';

/** What each form of the API is called on the page. */
export const FORM_LABELS: Readonly<Record<ApiForm, string>> = {
  auto: 'automatic',
  modern: 'modern (JSON)',
  legacy: '2012 (JSON)',
  'legacy-xml': '2012 (XML)',
};

/** `Directory services` for `directory-services`. */
export function groupLabel(group: string): string {
  if (group === 'smtp') return 'SMTP';
  const words = group.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Returns why a command runs on this target in none of its forms; undefined where it does. */
export function describeRefusal({ needs }: CommandInfo, target: TargetInfo | undefined): string | undefined {
  if (!target || ACCESS_LEVELS.indexOf(needs) <= ACCESS_LEVELS.indexOf(target.access)) return undefined;
  return `This tester runs with ${target.access} access, and the command needs ${needs}. Start it again with --access ${needs} if that is meant.`;
}

/** How a call ended, in a word or two. */
export function callLabel({ end }: CallSummary): string {
  switch (end?.kind) {
    case undefined:
      return 'under way';
    case 'value':
      return 'done';
    case 'task':
      return end.outcome === undefined ? 'long command' : `long, ${end.outcome}`;
    case 'error':
      return 'not done';
  }
}

/** True for a call that was not done, and for a long command that failed or found errors. */
export function hasFailed({ end }: CallSummary): boolean {
  return end?.kind === 'error' || (end?.kind === 'task' && end.hasFailed === true);
}
