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

export function sizeLabel(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

export function timeLabel(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}

/** The time of day in the reader's time zone. */
export function clockLabel(iso: string): string {
  return new Date(iso).toLocaleTimeString(undefined, { hour12: false });
}

/** Date and time in the reader's time zone. */
export function dateLabel(iso: string): string {
  const date = new Date(iso);
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clockLabel(iso)}`;
}

/** How a call stands, in a word or two. */
export function callLabel({ end }: CallSummary): string {
  switch (end?.kind) {
    case undefined:
      return 'under way';
    case 'value':
      return 'done';
    case 'task':
      return 'long command';
    case 'error':
      return 'not done';
  }
}
