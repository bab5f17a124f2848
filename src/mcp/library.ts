import type { Arguments } from '../catalogue/define-command.ts';
import { ProtocolError, ProtocolErrorCode, ResourceNotFoundError } from '@modelcontextprotocol/server';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { toVisible } from '../base/escape-hidden.ts';
import { nearest } from '../base/nearest.ts';
import { isRow, readRows } from '../base/rows.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Room } from '../catalogue/insight-view.ts';
import type { Prompt } from '../catalogue/define-prompt.ts';
import type { Resource, ValueSource } from '../catalogue/define-resource.ts';
import { toolName } from '../catalogue/naming.ts';
import { describeList } from '../catalogue/outputs.ts';
import type { Answered, Caller } from '../guard/call.ts';
import type { Guard } from '../guard/guard.ts';
import type { TaskRunner } from '../tasks/runner.ts';
import type { CallContext } from './call-context.ts';
import { findViewRoom, listViews, viewContent } from './drawn-views.ts';
import { taskListResult, taskResult, valueResult, type Showing } from './results.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** Who asks for a prompt, a resource or a completion, and until when. */
export type LibraryCaller = Pick<CallContext, 'client' | 'signal' | 'deadline' | 'showsViews'>;

type ReadAnswer = Extract<Answered, { readonly kind: 'value' }>;
type LibraryTexts = Readonly<Record<string, string>>;

export interface LibraryOptions {
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  readonly guard: Guard;
  readonly tasks: Pick<TaskRunner, 'get' | 'page'>;
  readonly showing: (tool: string) => Showing;
  /** The tools that this server offers. */
  readonly tools: readonly ToolDefinition[];
  readonly now: () => number;
  /** Returns the document that draws the answer of a room; absent where views are not part of the program. */
  readonly readView?: ((room: Room) => string) | undefined;
}

/** The resources of the archives; those of this server have another scheme, since any word may be the name of a target. */
const ARCHIVE = 'mailstore://';
const OWN = 'mailstore-mcp://';
const JSON_TYPE = 'application/json';

/** Values that a completion shows: as many as the protocol allows. */
const SHOWN_VALUES = 100;

/** How long the values of a completion are kept, in milliseconds: a person types several letters. */
const VALUES_KEPT_MS = 30_000;

/** Lines of the audit, and tasks, that a resource shows. */
const SHOWN_LINES = 50;

/** The fields of an audit line that say what was done by whom; the texts of questions would take the room of many lines. */
const AUDIT_FIELDS = [
  'time',
  'client',
  'target',
  'user',
  'command',
  'effect',
  'arguments',
  'decision',
  'reason',
  'outcome',
  'error',
  'task',
  'change',
  'event',
];

interface OwnResource {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly path: string;
}

const OWN_RESOURCES: readonly OwnResource[] = [
  { name: 'tasks', title: 'Tasks', description: 'The long-running commands that this server started, newest first.', path: 'tasks' },
  { name: 'audit', title: 'End of the audit', description: `The last ${SHOWN_LINES} lines of the audit, newest first.`, path: 'audit' },
  {
    name: 'commands',
    title: 'Command reference',
    description: 'The tools of this server with what each does and takes.',
    path: 'commands',
  },
];
const OWN_TEMPLATES: readonly OwnResource[] = [
  { name: 'task', title: 'A task', description: 'One task with its messages and its result.', path: 'tasks/{taskId}' },
  { name: 'command', title: 'A command', description: 'One tool: what it does, its arguments and its output.', path: 'commands/{tool}' },
];

/** Prompts for recurring requests, and what a person can hand to a model as context. What is read of an archive passes the guard. */
export class Library {
  readonly #options: LibraryOptions;
  readonly #values = new Map<string, { readonly at: number; readonly values: readonly string[] }>();

  constructor(options: LibraryOptions) {
    this.#options = options;
  }

  get #targets(): readonly string[] {
    return [...this.#options.catalogues.keys()];
  }

  get #catalogue(): Catalogue | undefined {
    return [...this.#options.catalogues.values()][0];
  }

  prompts() {
    return (this.#catalogue?.prompts ?? []).map(({ name, title, description, arguments: args }) => ({
      name,
      title,
      description,
      arguments: Object.entries(args).map(([argument, { description: meaning, required = false }]) => ({
        name: argument,
        description: meaning,
        required,
      })),
    }));
  }

  /** Returns a prompt with its arguments filled in. Throws MailStoreError when there is none of this name, or an argument is missing or unknown. */
  prompt(name: string, args: LibraryTexts = {}) {
    const prompt = this.#findPrompt(name);
    const unknown = Object.keys(args).filter((argument) => !Object.hasOwn(prompt.arguments, argument));
    const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value.trim() !== ''));
    const missing = Object.entries(prompt.arguments).flatMap(([argument, { required }]) =>
      required && given[argument] === undefined ? [argument] : [],
    );
    const problems = [
      ...missing.map((argument) => `${argument} is missing`),
      ...unknown.map(
        (argument) => `it does not take ${excerpt(argument)}; it takes ${Object.keys(prompt.arguments).join(', ') || 'no arguments'}`,
      ),
    ];
    if (problems.length > 0) throw new MailStoreError('invalidPrompt', { prompt: name, problems });
    const text = toVisible(prompt.text(given));
    return { description: prompt.description, messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
  }

  /** Returns what there is to read; `showsViews` is true for a client that draws answers. */
  resources({ showsViews = false } = {}) {
    const declared = (this.#catalogue?.resources ?? []).filter(({ path }) => !path.includes('{'));
    return [
      ...this.#targets.flatMap((target) =>
        declared.map((resource) => ({ uri: `${ARCHIVE}${encodeURIComponent(target)}/${resource.path}`, ...describe(resource) })),
      ),
      ...OWN_RESOURCES.map((resource) => ({ uri: `${OWN}${resource.path}`, ...describe(resource) })),
      ...(showsViews && this.#options.readView ? listViews() : []),
    ];
  }

  templates() {
    const declared = (this.#catalogue?.resources ?? []).filter(({ path }) => path.includes('{'));
    return [
      ...this.#targets.flatMap((target) =>
        declared.map((resource) => ({ uriTemplate: `${ARCHIVE}${encodeURIComponent(target)}/${resource.path}`, ...describe(resource) })),
      ),
      ...OWN_TEMPLATES.map((resource) => ({ uriTemplate: `${OWN}${resource.path}`, ...describe(resource) })),
    ];
  }

  /** Returns a resource as JSON text, bounded like the answer of a tool, or a view as its document. Throws ProtocolError when there is none of this URI. */
  async read(uri: string, caller: LibraryCaller) {
    const room = caller.showsViews ? findViewRoom(uri) : undefined;
    if (room && this.#options.readView) return viewContent(uri, this.#options.readView(room));
    const value = uri.startsWith(OWN) ? await this.#readOwn(uri) : await this.#readArchive(uri, caller);
    if (value === undefined)
      throw new ResourceNotFoundError(
        uri,
        `There is nothing at ${toVisible(excerpt(uri))}; resources/list and resources/templates/list show what there is.`,
      );
    return { contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(value) }] };
  }

  /** Returns the values of an argument of a prompt, or of the variable of a resource template, that contain a text. */
  async complete(
    ref: { readonly type: string; readonly name?: string | undefined; readonly uri?: string | undefined },
    { name, value }: { readonly name: string; readonly value: string },
    caller: LibraryCaller,
  ) {
    const values = await this.#listValues(ref, name, caller);
    const wanted = value.toLowerCase();
    const found = values.filter((known) => known.toLowerCase().includes(wanted));
    // What begins with the text is meant more often than what has it inside.
    const sorted = found.toSorted(
      (one, other) => Number(other.toLowerCase().startsWith(wanted)) - Number(one.toLowerCase().startsWith(wanted)),
    );
    return { completion: { values: sorted.slice(0, SHOWN_VALUES), total: found.length, hasMore: found.length > SHOWN_VALUES } };
  }

  async #listValues(
    ref: { readonly type: string; readonly name?: string | undefined; readonly uri?: string | undefined },
    argument: string,
    caller: LibraryCaller,
  ) {
    const [first] = this.#targets;
    if (ref.type === 'ref/prompt') {
      const source = this.#findPrompt(ref.name ?? '').arguments[argument]?.values;
      if (!source || 'length' in source) return source ?? [];
      return first === undefined ? [] : this.#readValues(first, source, caller);
    }
    const uri = ref.uri ?? '';
    if (uri === `${OWN}commands/{tool}`) return this.#options.tools.map(({ name }) => name);
    if (uri === `${OWN}tasks/{taskId}`) {
      const { rows } = await this.#options.tasks.page({ limit: SHOWN_VALUES });
      return rows.map(({ taskId }) => taskId);
    }
    const [target, path] = splitUri(uri);
    const resource = this.#options.catalogues.get(target)?.resources.find((known) => known.path === path);
    return resource?.values && resource.path.endsWith(`{${argument}}`) ? this.#readValues(target, resource.values, caller) : [];
  }

  /** What cannot be read offers nothing to choose from. */
  async #readValues(target: string, source: ValueSource, caller: LibraryCaller): Promise<readonly string[]> {
    const key = JSON.stringify([target, source]);
    const known = this.#values.get(key);
    const now = this.#options.now();
    if (known && now - known.at < VALUES_KEPT_MS && now >= known.at) return known.values;
    try {
      const { value: rows } = await this.#run(target, source.read, source.args ?? {}, caller);
      const values = (Array.isArray(rows) ? rows : [rows]).flatMap((row: unknown) => {
        const value = isRow(row) ? row[source.field] : row;
        return (typeof value === 'string' && value !== '') || typeof value === 'number' ? [toVisible(String(value))] : [];
      });
      this.#values.set(key, { at: now, values });
      return values;
    } catch (error) {
      if (error instanceof MailStoreError) return [];
      throw error;
    }
  }

  /** Reads through the guard. Throws MailStoreError when the read is refused, fails or is not answered at once. */
  async #run(target: string, name: string, args: Arguments, { client, signal, deadline }: LibraryCaller): Promise<ReadAnswer> {
    const command = this.#options.catalogues.get(target)?.find(name);
    if (!command) throw new MailStoreError('unknownCommand', { command: name });
    const caller: Caller = { client, signal, deadline };
    const answered = await this.#options.guard.run({ command, args: { ...args }, target }, caller);
    if (answered.kind === 'value') return answered;
    throw new MailStoreError('notAtOnce', { tool: toolName(name) });
  }

  async #readArchive(uri: string, caller: LibraryCaller): Promise<unknown> {
    const [target, path] = splitUri(uri);
    const catalogue = this.#options.catalogues.get(target);
    const matched = catalogue?.resources
      .map((resource) => ({ resource, variable: matchPath(resource.path, path) }))
      .find(({ variable }) => variable !== undefined);
    if (!catalogue || matched?.variable === undefined) return undefined;
    const { resource, variable } = matched;
    const command = catalogue.find(resource.read);
    if (!command) return undefined;
    const answered = await this.#run(target, resource.read, resource.args?.(variable) ?? {}, caller);
    const showing = this.#options.showing(toolName(command.name));
    if (resource.rowsWhere === undefined) return valueResult(command.output, answered, showing).structuredContent;
    const row = readRows(answered.value).find((one) => String(one[resource.rowsWhere ?? '']) === variable);
    return row && valueResult({ ...command.output, kind: 'record' }, { ...answered, value: row }, showing).structuredContent;
  }

  async #readOwn(uri: string): Promise<unknown> {
    const { tasks, guard, tools, showing } = this.#options;
    const [kind = '', id, ...rest] = uri.slice(OWN.length).split('/').map(decode);
    if (rest.length > 0) return undefined;
    if (kind === 'tasks' && id === undefined)
      return taskListResult(await tasks.page({ limit: SHOWN_LINES }), showing('list_tasks')).structuredContent;
    if (kind === 'tasks' && id !== undefined) {
      const task = await tasks.get(id).catch((error: unknown) => {
        if (error instanceof MailStoreError && error.audience === 'caller') return undefined;
        throw error;
      });
      return (
        task &&
        taskResult(task, this.#options.catalogues.get(task.target)?.find(task.command)?.output, showing('get_task_status'))
          .structuredContent
      );
    }
    if (kind === 'audit' && id === undefined) return showAudit(guard.auditTail(SHOWN_LINES), showing('audit'));
    if (kind === 'commands' && id === undefined) {
      return {
        items: tools.map(({ name, description, annotations }) => ({ name, description, reads: annotations.readOnlyHint })),
        total: tools.length,
      };
    }
    return kind === 'commands' ? tools.find(({ name }) => name === id) : undefined;
  }

  #findPrompt(name: string): Prompt {
    const prompts = this.#catalogue?.prompts ?? [];
    const prompt = prompts.find((known) => known.name === name);
    if (prompt) return prompt;
    throw new MailStoreError('unknownPrompt', {
      prompt: name,
      nearest: nearest(
        name,
        prompts.map((known) => known.name),
      ),
    });
  }
}

function showAudit(lines: readonly Arguments[], showing: Showing): unknown {
  const rows = lines.map((line) =>
    Object.fromEntries(AUDIT_FIELDS.flatMap((name) => (line[name] === undefined ? [] : [[name, line[name]]]))),
  );
  return valueResult(describeList({}, { nouns: ['line', 'lines'] }), { kind: 'value', value: rows, drift: [] }, showing).structuredContent;
}

function describe({ name, title, description }: Pick<Resource, 'name' | 'title' | 'description'>) {
  return { name, title, description, mimeType: JSON_TYPE };
}

/** Returns the target and the path of a URI or template of an archive. */
function splitUri(uri: string): readonly [target: string, path: string] {
  const [target = '', ...path] = uri.startsWith(ARCHIVE) ? uri.slice(ARCHIVE.length).split('/') : [];
  return [decode(target), path.join('/')];
}

/** Returns the value of the variable of a path, or an empty text for a path without one; undefined where the paths differ. */
function matchPath(template: string, path: string): string | undefined {
  const [kind, variable, ...more] = path.split('/');
  const [known, name] = template.split('/');
  if (kind !== known || more.length > 0 || (name === undefined) !== (variable === undefined)) return undefined;
  return variable === undefined ? '' : decode(variable);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'The URI has a percent sign that encodes nothing.');
  }
}
