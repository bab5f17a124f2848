import { createHash } from 'node:crypto';
import { toShownText, toStableText, drifts } from '../catalogue/drifting.ts';
import type { AskedQuestion } from './prompter.ts';
import type { Deadline } from '../base/deadline.ts';
import { excerpt, isError, MailStoreError } from '../base/errors.ts';
import { keepText } from '../base/keep-bounded.ts';
import { toVisibleLine } from '../base/escape-hidden.ts';
import type { ScopedCall } from '../catalogue/catalogue.ts';
import type { Command, Found, Look, ReadCommand, Search, Verdict, Arguments } from '../catalogue/define-command.ts';
import { outsideReferences } from '../catalogue/fields.ts';
import { isRow } from '../base/rows.ts';
import { formatCount } from '../catalogue/phrases.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import { MASK } from '../masking/masks.ts';
import { toolName } from '../catalogue/naming.ts';
import type { MailStoreClient, ReadOptions, ReadValue } from '../client/client.ts';
import type { Drift } from '../client/value.ts';
import type { TaskRecord } from '../journal/task-record.ts';
import { argumentsKey } from '../base/arguments-key.ts';
import type { AdmittedCall, GuardedTarget } from './call.ts';
import type { PreparedPlan } from './run-plan.ts';

/** The reads of one call that several looks may have in common, by command and arguments: each is sent once. */
export type SharedReads = Map<string, Promise<ReadValue>>;

interface LookOptions extends ReadOptions {
  readonly shared?: SharedReads;
}

/** Reads what a look of a call is about. Throws MailStoreError when the read fails. */
export async function lookAt(
  client: MailStoreClient,
  look: Look<Arguments>,
  call: ScopedCall,
  options: LookOptions = {},
): Promise<ReadValue> {
  const { args } = call;
  const { value, ...rest } = await readShared(client, call, look.read, look.args?.(args), options);
  return { ...rest, value: look.pick(value, args) };
}

/** Makes a read for a call, or returns the one that was begun with the same arguments. Throws MailStoreError when the read fails. */
function readShared(
  client: MailStoreClient,
  call: ScopedCall,
  name: string,
  args: Arguments | undefined,
  { shared, ...options }: LookOptions,
): Promise<ReadValue> {
  const key = `${name} ${JSON.stringify(args ?? {})}`;
  const reading = shared?.get(key) ?? client.readFor(call, name, args, options);
  shared?.set(key, reading);
  return reading;
}

/** Runs what a decision or a question needs to know: one read, or a search of several. Throws MailStoreError when a read fails. */
export async function runSearch(
  { client, user }: Pick<GuardedTarget, 'client' | 'user'>,
  look: Look<Arguments> | Search<Arguments>,
  call: ScopedCall,
  options: LookOptions,
): Promise<ReadValue> {
  if ('read' in look) return lookAt(client, look, call, options);
  const drift: Drift[] = [];
  const read: ReadCommand = async (name, args) => {
    const answer = await readShared(client, call, name, args, options);
    drift.push(...answer.drift);
    return answer.value;
  };
  const value = await look.search(call.args, read, user, limitSearch(options.deadline));
  return { value, isExact: false, drift };
}

/** How long a search of many reads may begin new ones, in milliseconds. */
const SEARCH_MS = 8000;

/** Returns whether a search may go on: for SEARCH_MS, and never into the second half of what is left of its call. */
function limitSearch(deadline: Deadline | undefined): () => boolean {
  if (!deadline) return () => true;
  const leftMs = deadline.leftMs();
  const endsAt = Math.max(leftMs - SEARCH_MS, leftMs / 2);
  return () => deadline.leftMs() > endsAt;
}

/** Returns the sentences that a declaration has for what was read. */
export function listCautions(command: Command, args: Readonly<Record<string, unknown>>, found: Found, now: number): readonly string[] {
  const said = command.cautions?.list(maskSecrets(command, args), found, now) ?? [];
  return [...new Set(said.filter((sentence) => sentence !== undefined && sentence !== ''))] as readonly string[];
}

/** Differences that a question shows of one read. */
const DRIFT_SHOWN = 3;

/** Returns the line that says what of a read is in a form that the words of a declaration may not cover. */
function describeDrift(source: string, drift: readonly Drift[]): readonly string[] {
  if (drift.length === 0) return [];
  const shown = drift.slice(0, DRIFT_SHOWN).map(({ path, expected, got }) => {
    const place = path === '' ? 'the answer' : path;
    return got === undefined ? `${place} is missing` : `${place} is ${excerpt(JSON.stringify(got) ?? '')} where ${expected} was expected`;
  });
  const more = drift.length > DRIFT_SHOWN ? `; and ${drift.length - DRIFT_SHOWN} more` : '';
  return [`What ${source} shows has an unknown form, so that this question may not say everything: ${shown.join('; ')}${more}.`];
}

/** Any word becomes a secret once somebody sends it as one, and that could hide from a person what they need to know. */
const MASKED = `Hidden: what MailStore says of it has the text of a secret in it, shown as ${MASK} or left out here; look in MailStore itself before you say yes.`;

/** The most characters of the arguments that a question shows. The digest covers all of them. */
const ARGUMENTS_SHOWN = 2000;

/**
 * The most characters of the line that names the act, and of its label. A name or a subject in them may be as long as its writer likes, and would push
 * away what is said below it. The digest covers all of them.
 */
const HEAD_SHOWN = 500;
const LABEL_SHOWN = 200;

function isMasked(looks: Iterable<ReadValue | undefined>): boolean {
  return [...looks].some((look) => look?.value !== undefined && JSON.stringify(look.value).includes(MASK));
}

const CAUTION = 'Caution: ';

export interface RenderedQuestion {
  readonly question: AskedQuestion;
  /** The object of the call as the declaration's `before` read it. */
  readonly before: ReadValue | undefined;
  /** What the question warns of, as its reader sees it. */
  readonly cautions: readonly string[];
  /** The lines about the call itself, without those about the archive; parts that drift are marked. */
  readonly said: readonly string[];
}

/**
 * Returns the question about a call, from what the server says of its object now. The first line names the act and the object; then come the
 * consequence, the archive, and the arguments. Throws MailStoreError when the declaration's `question.require` refuses the call.
 */
export async function renderQuestion({
  request: { command, args },
  target,
  decision,
  time: { deadline },
  now,
}: Pick<AdmittedCall, 'request' | 'target' | 'decision' | 'time' | 'now'>): Promise<RenderedQuestion> {
  const { name, origin, user } = target;
  const { question: declared, before, decidesFrom } = command;
  const looks = Object.entries({ ...decidesFrom, ...(before && { before }), ...declared?.reads, ...command.cautions?.reads });
  // Reads that fail alike are one line.
  const failed = new Set<string>();
  const shared: SharedReads = new Map();
  const seen = new Map(
    await Promise.all(
      looks.map(async ([key, look]): Promise<[string, ReadValue | undefined]> => {
        try {
          return [key, await runSearch(target, look, { command, args }, { deadline, shared })];
        } catch (error) {
          if (!(error instanceof MailStoreError) || isError(error, 'outOfTime')) throw error;
          failed.add(`What ${'read' in look ? toolName(look.read) : `the search for ${key}`} shows is missing here: ${error.message}`);
          return [key, undefined];
        }
      }),
    ),
  );
  const found: Found = Object.fromEntries([...seen].map(([key, look]) => [key, look?.value]));
  const tool = toolName(command.name);
  // Declarations receive masked arguments, so that no question can contain a secret.
  const masked = maskSecrets(command, args);
  const problem = declared?.refuse?.(masked, found);
  if (problem !== undefined) throw new MailStoreError('invalidArguments', { tool, problems: [problem] });
  const act = declared ? `${declared.verb(masked)} ${declared.object(masked, found)}` : command.title;
  const label = declared?.label(masked, found) ?? act;
  const consequence = declared?.consequence(masked, found);
  // What the consequence says already is not said twice.
  const cautions = listCautions(command, args, found, now);
  const facts = declared?.facts?.(masked, found);
  const typed = declared?.typed?.(masked, found);
  // A name of blanks alone would be typed by typing nothing.
  const confirmationText = typed === undefined ? undefined : typed.trim() === '' ? tool : toVisibleLine(toShownText(typed));
  const said = [
    `${act}?`,
    ...(consequence === undefined ? [] : [consequence]),
    ...cautions.filter((caution) => !consequence?.includes(caution)).map((caution) => `${CAUTION}${caution}`),
    ...(facts === undefined || facts === '' ? [] : [`Now: ${facts}`]),
    ...warnings(decision, args, target),
    ...[...failed].toSorted(),
    ...looks.flatMap(([key, look]) =>
      describeDrift('read' in look ? toolName(look.read) : `the search for ${key}`, seen.get(key)?.drift ?? []),
    ),
    ...(isMasked(seen.values()) ? [MASKED] : []),
  ];
  const lines = [
    ...said,
    `Effect: ${effectInWords(decision)}`,
    `Archive: ${name}, ${origin}, as ${user}`,
    `Arguments: ${cut(JSON.stringify(masked))} (${tool})`,
  ];
  return {
    question: askedQuestion({ tool, target: name, origin, user, args, lines, label, confirmationText }),
    before: seen.get('before'),
    cautions: cautions.map(toShownText),
    said,
  };
}

/** Returns the question about cancelling a task. */
export function renderCancelQuestion(
  { taskId, argumentsMasked, statusText, progress }: TaskRecord,
  command: Command,
  { name, origin, user }: GuardedTarget,
  { effect, risks }: Verdict,
): RenderedQuestion {
  const tool = toolName('CancelTask');
  const state = [progress === null ? undefined : `${progress} %`, statusText ?? undefined].filter((part) => part !== undefined).join(', ');
  const danger =
    effect === 'destructive'
      ? ' A command of this kind that is cut off can leave what it works on unusable, such as a store that cannot be opened.'
      : '';
  const lines = [
    `Cancel ${toolName(command.name)}?`,
    `The command stops where it is, and what it has done so far stays.${danger}${drifts(state && ` Last seen: ${state}.`)}`,
    `Effect: ${effectInWords({ effect, risks })}`,
    `Archive: ${name}, ${origin}, as ${user}`,
    `Arguments: ${cut(JSON.stringify(argumentsMasked))} (task ${taskId})`,
  ];
  const label = `Cancel ${toolName(command.name)}`;
  return {
    question: askedQuestion({ tool, target: name, origin, user, args: { taskId }, lines, label }),
    before: undefined,
    cautions: [],
    said: lines,
  };
}

/** Returns the one question about a plan: every step, and for each that needs a yes what its own question would say. */
export async function renderPlanQuestion(
  { plan, headline, args, steps, notes }: PreparedPlan,
  target: GuardedTarget,
  { effect, risks }: Verdict,
  parts: Pick<AdmittedCall, 'time' | 'now'>,
): Promise<RenderedQuestion> {
  const rendered = await Promise.all(
    steps.map(async ({ request, decision }) =>
      decision.kind === 'ask' ? renderQuestion({ request, target, decision, ...parts }) : undefined,
    ),
  );
  const lines = [
    `${headline}, in ${formatCount(steps.length, 'step')}?`,
    ...steps.flatMap(({ does, tool, cautions, settled = [] }, index) => {
      // A caution that another step takes care of would speak against the plan.
      const isSettled = (line: string) => line.startsWith(CAUTION) && settled.some((words) => line.includes(words));
      const said = rendered[index]?.said.slice(1).filter((line) => !isSettled(line)) ?? cautions.map((caution) => `${CAUTION}${caution}`);
      return [`${index + 1}. ${does} (${tool})`, ...said.map((line) => `   ${line}`)];
    }),
    ...notes,
    'It stops at the first step that fails; what was done until then stays.',
    `Effect: ${effectInWords({ effect, risks })}`,
    `Archive: ${target.name}, ${target.origin}, as ${target.user}`,
    `Arguments: ${cut(JSON.stringify(args))} (${plan.name})`,
  ];
  const confirmationText = rendered.find((one) => one?.question.confirmationText !== undefined)?.question.confirmationText;
  const question = askedQuestion({
    tool: plan.name,
    target: target.name,
    origin: target.origin,
    user: target.user,
    args,
    lines,
    label: `Run ${steps.length === 1 ? 'this step' : `these ${steps.length} steps`}`,
    confirmationText,
  });
  return { question, before: undefined, cautions: [], said: lines };
}

interface QuestionParts {
  readonly tool: string;
  readonly target: string;
  readonly origin: string;
  readonly user: string;
  readonly args: Arguments;
  readonly lines: readonly string[];
  readonly label: string;
  readonly confirmationText?: string | undefined;
}

function askedQuestion({ lines, label, confirmationText, ...call }: QuestionParts): AskedQuestion {
  return {
    tool: call.tool,
    target: call.target,
    argumentsKey: argumentsKey({ ...call }),
    promptKey: createHash('sha256')
      .update(JSON.stringify([lines.map(toStableText), toStableText(label), confirmationText ?? null]))
      .digest('hex'),
    // A name with a line break in it could pass for a line of the question.
    prompt: lines
      .map((line, index) => {
        const shown = toVisibleLine(toShownText(line));
        return index === 0 ? cut(shown, HEAD_SHOWN) : keepText(shown);
      })
      .join('\n'),
    label: cut(toVisibleLine(toShownText(label)), LABEL_SHOWN),
    ...(confirmationText !== undefined && { confirmationText: keepText(confirmationText) }),
  };
}

const CHANGED = 'Nothing was run yet: what an earlier yes was given to has changed (- then, + now):';

/** Returns a question that is asked again because what an earlier answer was given to has changed. Its last lines say what. */
export function withChanges(question: AskedQuestion, earlierPrompt: string): AskedQuestion {
  const earlier = earlierPrompt.split('\n');
  const then = earlier.includes(CHANGED) ? earlier.slice(0, earlier.indexOf(CHANGED)) : earlier;
  const now = question.prompt.split('\n');
  const gone = then.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  const come = now.filter((line) => !then.includes(line)).map((line) => `+ ${line}`);
  return { ...question, prompt: [...now, CHANGED, ...gone, ...come].join('\n') };
}

export function effectInWords({ effect, risks }: Verdict): string {
  return [effect, ...(risks.length > 0 ? [`risk: ${risks.join(', ')}`] : [])].join('; ');
}

function cut(text: string, most = ARGUMENTS_SHOWN): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (cut; ${text.length} characters in all)`;
}

/** Says what the words of a declaration cannot know: whose login is at stake, and which secrets leave this machine for where. */
function warnings({ risks }: Verdict, args: Arguments, { user }: GuardedTarget): readonly string[] {
  const references = outsideReferences(args).map((reference) =>
    'fromFile' in reference ? `the file ${reference.fromFile}` : `the variable ${reference.fromEnv}`,
  );
  const places = [...new Set(placesIn(args))];
  return [
    ...(risks.includes('locks-out')
      ? [`Lock-out: mailstore-mcp itself logs in as ${user}. After this it may no longer be able to, and then it cannot put this back.`]
      : []),
    ...(risks.includes('sends-data-out') && references.length > 0
      ? [`Secret: what is in ${references.join(' and ')} is sent to ${places.join(', ') || 'the place that is set there'}.`]
      : []),
  ];
}

/** Names of arguments and settings that say where something is sent. */
const PLACE_NAME = /host|server|url|path|tenant|directory/i;

function placesIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(placesIn);
  if (!isRow(value)) return [];
  return Object.entries(value).flatMap(([name, inner]) =>
    typeof inner === 'string' ? (PLACE_NAME.test(name) ? [inner] : []) : placesIn(inner),
  );
}
