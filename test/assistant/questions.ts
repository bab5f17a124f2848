/** A question of an administrator that an insight answers, and what it may cost on an archive of 10,000 users, 100,000 runs and 40 stores. */
export interface Question {
  readonly question: string;
  readonly tool: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Calls until the whole archive was looked at. */
  readonly calls: number;
  /** Reads of MailStore at most, in all calls together. */
  readonly reads: number;
  /** Tokens of o200k that a model reads at most, in all calls together. */
  readonly tokens: number;
}

export const questions: readonly Question[] = [
  { question: 'Is everything in order?', tool: 'archive_health', args: {}, calls: 1, reads: 10, tokens: 2000 },
  { question: 'Has anything stopped archiving?', tool: 'archiving_gaps', args: { days: 30 }, calls: 1, reads: 2, tokens: 2000 },
  {
    question: 'Has anything stopped, profile by profile?',
    tool: 'archiving_gaps',
    args: { days: 30, details: true },
    calls: 1,
    reads: 2,
    tokens: 5000,
  },
  { question: 'Why did runs fail this month?', tool: 'failed_runs', args: { days: 30 }, calls: 1, reads: 43, tokens: 2000 },
  {
    question: 'Why did they fail, with more reports?',
    tool: 'failed_runs',
    args: { days: 30, details: true },
    calls: 1,
    reads: 63,
    tokens: 5000,
  },
  { question: 'How much is archived a day?', tool: 'archiving_volume', args: { days: 30 }, calls: 1, reads: 3, tokens: 2000 },
  {
    question: 'How much, by profile and day?',
    tool: 'archiving_volume',
    args: { days: 30, details: true },
    calls: 1,
    reads: 3,
    tokens: 5000,
  },
  { question: 'Who can read this archive?', tool: 'access_report', args: { folder: 'support' }, calls: 2, reads: 10_010, tokens: 4000 },
  { question: 'What can this user reach?', tool: 'access_report', args: { userName: 'johndoe' }, calls: 1, reads: 2, tokens: 2000 },
  {
    question: 'How do these two differ?',
    tool: 'access_report',
    args: { userName: 'johndoe', compareWith: 'amira' },
    calls: 1,
    reads: 2,
    tokens: 2000,
  },
  { question: 'What takes the space, and how long will it do?', tool: 'storage_report', args: {}, calls: 1, reads: 4, tokens: 2000 },
  { question: 'Which accounts need a look?', tool: 'user_audit', args: {}, calls: 2, reads: 10_010, tokens: 4000 },
];

/** Returns where the next call of a question goes on, by what an answer says of it; undefined where all was looked at. */
export function readNextOffset(next: unknown): number | undefined {
  const offset = typeof next === 'string' ? /with offset (\d+) for the remaining/.exec(next)?.[1] : undefined;
  return offset === undefined ? undefined : Number(offset);
}
