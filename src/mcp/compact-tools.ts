import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Access } from '../base/target.ts';
import type { InputShape } from '../catalogue/define-command.ts';
import { describeInput } from './describe-tool.ts';
import type { ListedTool, ToolDefinition } from './tool-definition.ts';

/** The arguments of the tools that a compact surface has in place of all others. */
export const compactToolInputs = {
  find_tools: { query: z.string().min(1).describe('What is to be done, such as "who can read a mailbox".') },
  describe_tool: { name: z.string().min(1) },
  run_tool: { name: z.string().min(1), arguments: z.record(z.string(), z.unknown()).default({}).describe('As describe_tool shows them.') },
} satisfies Record<string, InputShape>;
export type CompactToolName = keyof typeof compactToolInputs;

const NOTHING_CHANGES = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false } as const;

/** Returns the three tools that reach all others. What `run_tool` may do follows from the access. */
export function compactTools(access: Access): readonly ListedTool[] {
  const tool = (name: CompactToolName, title: string, description: string, annotations: ToolDefinition['annotations']): ListedTool => ({
    effect: 'read',
    tool: { name, title, description, inputSchema: describeInput(compactToolInputs[name]), outputSchema: { type: 'object' }, annotations },
  });
  const changes = access !== 'read-only';
  return [
    tool(
      'find_tools',
      'Find tools',
      'Finds the tools for a purpose, in English words, the best first, with what each does.',
      NOTHING_CHANGES,
    ),
    tool('describe_tool', 'Describe a tool', 'Shows the arguments of one tool from find_tools as JSON Schema.', NOTHING_CHANGES),
    tool('run_tool', 'Run a tool', 'Calls one tool with its arguments, checked, guarded and answered as if it were called by itself.', {
      readOnlyHint: !changes,
      destructiveHint: changes,
      idempotentHint: !changes,
      openWorldHint: false,
    }),
  ];
}

/** Words that people use for what MailStore and its tools call otherwise. */
const SYNONYMS: Readonly<Record<string, string>> = {
  account: 'user',
  mailbox: 'archive user',
  mail: 'message',
  email: 'message address',
  permission: 'right privilege',
  rights: 'privilege access',
  access: 'right access_report',
  '2fa': 'mfa multi-factor',
  mfa: 'multi-factor',
  health: 'archive_health',
  check: 'archive_health verify',
  search: 'index',
  disk: 'storage store',
  space: 'storage store',
  schedule: 'job',
  nightly: 'job',
  leaver: 'offboard_user',
  leave: 'offboard_user',
  hire: 'onboard_user',
  join: 'onboard_user',
  fail: 'failed_runs',
  error: 'failed_runs',
  postfach: 'archive user',
  benutzer: 'user',
  sicherung: 'backup',
  rechte: 'privilege access_report',
  auftrag: 'job',
  suche: 'index',
  umbenennen: 'rename rename_person',
  mitarbeiter: 'user',
  verlässt: 'offboard_user',
  austritt: 'offboard_user',
  kennwort: 'password',
  passwort: 'password',
  festplatte: 'storage_report store',
  speicherplatz: 'storage_report store',
  zertifikat: 'credential archive_health',
  certificate: 'credential archive_health',
  aufbewahrungsfrist: 'retention',
  lizenz: 'license',
  wiederherstellen: 'recover_store',
  restore: 'recover_store',
};

const FOUND = 8;

/** Words that say nothing of a purpose. */
const FILLERS = new Set([
  'a',
  'an',
  'the',
  'of',
  'to',
  'in',
  'on',
  'is',
  'do',
  'can',
  'who',
  'what',
  'how',
  'for',
  'and',
  'or',
  'me',
  'all',
  'my',
  'it',
  'with',
]);

/** Returns the tools whose name, title or description fit a purpose best. */
export function findTools(query: string, tools: readonly ToolDefinition[]): CallToolResult {
  const asked = query.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  const words = asked.filter((word) => !FILLERS.has(word)).map((word) => word.replace(/(?<=\w{3})s$/, ''));
  const wanted = words.map((word) => [word, ...(SYNONYMS[word]?.split(' ') ?? [])]);
  const scored = tools
    .map((tool) => ({
      tool,
      score: wanted.reduce(
        (sum, alternatives) => sum + Math.max(...alternatives.map((word, index) => scoreWord(word, tool) * (index === 0 ? 1 : 0.8))),
        0,
      ),
    }))
    .filter(({ score }) => score > 0)
    .toSorted((one, other) => other.score - one.score)
    .slice(0, FOUND);
  const items = scored.map(({ tool: { name, description, annotations } }) => ({ name, description, changes: !annotations.readOnlyHint }));
  const next =
    items.length === 0
      ? 'Ask in other words; the names of all tools are at mailstore-mcp://commands.'
      : 'describe_tool shows the arguments of one, run_tool calls it.';
  const head = items.length === 0 ? 'No tool fits.' : `${items.length} of ${tools.length} tools fit.`;
  const lines = items.map(({ name, description, changes }) => `${name}${changes ? ' (changes)' : ''}: ${description}`);
  return {
    content: [{ type: 'text', text: [head, ...lines, `Next: ${next}`].join('\n') }],
    structuredContent: { items, total: tools.length, next },
  };
}

function scoreWord(word: string, { name, title, description }: ToolDefinition): number {
  if (name === word) return 8;
  if (name.split('_').some((part) => part === word || part === `${word}s`)) return 4;
  if (title.toLowerCase().includes(word)) return 2;
  // Two letters are inside of everything.
  return word.length > 2 && (name.includes(word) || description.toLowerCase().includes(word)) ? 1 : 0;
}

/** Returns one tool with its schema. Throws MailStoreError `unknownTool` for one that this server does not offer. */
export function describeOffered(name: string, tools: readonly ToolDefinition[]): CallToolResult {
  const tool = tools.find((known) => known.name === name);
  if (!tool) {
    throw new MailStoreError('unknownTool', {
      tool: name,
      isCompact: true,
      nearest: nearest(
        name,
        tools.map((known) => known.name),
      ),
    });
  }
  const { title, description, inputSchema, annotations } = tool;
  const shown = { name, title, description, inputSchema, annotations };
  return { content: [{ type: 'text', text: JSON.stringify(shown) }], structuredContent: shown };
}
