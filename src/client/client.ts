import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { HOLD_MS, POLL_WAIT_MS } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import type { Redactor } from '../masking/redactor.ts';
import type { ApiForm } from '../base/target.ts';
import type { Catalogue, ScopedCall } from '../catalogue/catalogue.ts';
import type { Command, Effect, Arguments } from '../catalogue/define-command.ts';
import { isRow } from '../base/rows.ts';
import { nextTurn } from '../base/slices.ts';
import { mayLackSecret } from '../catalogue/lacks-secret.ts';
import { isSameName, mergeConfiguration } from '../catalogue/risk.ts';
import { toolName } from '../catalogue/naming.ts';
import { Permit, permitRead } from '../policy/gate.ts';
import { encodeForm } from '../wire/form.ts';
import type { Dialect, Progress, Reply, RunHandle, WireRequest, WireResponse } from '../wire/reply.ts';
import { declaredNames } from './declared-names.ts';
import { chooseDialect, dialectNamed, type SpokenDialect } from './dialects.ts';
import { compareMetadata, listUnsentArguments, type MetadataComparison } from './metadata.ts';
import type { OnExchange } from './record-exchange.ts';
import { declaredFields, refuseMistypedFields } from './refuse-mistyped-fields.ts';
import { retryRead } from './retry.ts';
import { Transport, type SendOptions } from './transport.ts';
import { type TlsTrust } from './check-certificate.ts';
import { checkValue, type CheckedValue, type Drift } from './value.ts';

export interface ClientOptions {
  /** `https://host:port`. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
  readonly trust: TlsTrust;
  readonly api: ApiForm;
  /** The commands of the edition that answers at the origin. */
  readonly catalogue: Catalogue;
  /** Time limit for a whole exchange, in milliseconds. */
  readonly timeoutMs: number;
  /** Receives the names of the server's own list of commands, each time it was read. */
  readonly onCommands?: (names: ReadonlySet<string>) => void;
  /** Masks known secrets in what the server answers; credentials are masked without one too. */
  readonly redactor?: Redactor;
  /** Receives each exchange when it is over, in the course of the call that it belongs to. */
  readonly onExchange?: OnExchange;
  readonly clock: Clock;
  readonly log: Log;
}

/** What a call came to: its value, or a run that goes on. */
export type Outcome =
  | ({ readonly kind: 'value'; readonly progress: Progress } & CheckedValue)
  | { readonly kind: 'running'; readonly run: ClientRun; readonly progress: Progress; readonly notes?: readonly string[] };

/** What a read of this server's own came to. */
export interface ReadValue {
  readonly value: unknown;
  /** False where the value may differ from what the server holds: something is not of its declared shape, or the dialect writes no types. */
  readonly isExact: boolean;
  /** What is not of the declared shape. */
  readonly drift: readonly Drift[];
}

/** A run on the server, with the dialect in which it was started and is to be followed. */
export interface ClientRun extends RunHandle {
  readonly dialect: Dialect['name'];
}

export interface CallOptions extends Pick<SendOptions, 'signal' | 'deadline' | 'purpose'> {
  /** True for a call that must not be sent twice, even if it is a read. */
  readonly once?: boolean;
}

/** The call that a read is made for, if its time limits the read. */
export type ReadOptions = Pick<SendOptions, 'deadline'>;

/** A permitted call in the form in which it is sent; only a client makes one, so nothing else can be sent. */
export class PreparedCall {
  readonly command: Command;
  readonly effect: Effect;
  readonly request: WireRequest;
  readonly spoken: SpokenDialect;

  constructor(command: Command, effect: Effect, request: WireRequest, spoken: SpokenDialect) {
    this.command = command;
    this.effect = effect;
    this.request = request;
    this.spoken = spoken;
  }
}

const CONNECT_TIMEOUT_MS = 10_000;

/** The request to cancel, as its answer is read. */
const CANCEL = { name: 'cancel-async' } as const;

/** Calls the commands of one MailStore, each with the permit that the gate in front of it gave. */
export class MailStoreClient {
  readonly #options: ClientOptions;
  readonly #transport: Transport;
  #spoken: Promise<SpokenDialect> | undefined;
  /** Ends the search for the API version. */
  readonly #ending = new AbortController();

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#transport = new Transport({
      origin: options.origin,
      authorization: `Basic ${Buffer.from(`${options.username}:${options.password}`, 'utf8').toString('base64')}`,
      trust: options.trust,
      connectTimeoutMs: Math.min(CONNECT_TIMEOUT_MS, options.timeoutMs),
      timeoutMs: options.timeoutMs,
      keptNames: declaredNames(options.catalogue),
      ...(options.redactor && { redactor: options.redactor }),
      ...(options.onExchange && { onExchange: options.onExchange }),
    });
  }

  get origin(): string {
    return this.#options.origin;
  }

  /** The commands of the edition that answers here. */
  get catalogue(): Catalogue {
    return this.#options.catalogue;
  }

  /**
   * Takes a call up to the point where it could be sent: checked against the server's own list, completed and encoded.
   * Throws MailStoreError for everything that keeps it from being sent; the command has not run then.
   */
  async prepare(permit: Permit, { deadline }: ReadOptions = {}): Promise<PreparedCall> {
    Permit.check(permit);
    const { command, args, effect } = permit;
    try {
      const speaking = this.#speak();
      const spoken = await (deadline ? deadline.within(speaking, () => outOfTime(command)) : speaking);
      if (spoken.commands && !spoken.commands.has(command.name)) throw new MailStoreError('commandMissing', { command: command.name });
      const form = encodeForm(command, await this.#mergeConfiguration(command, await this.#keepAbsent(command, args, deadline), deadline));
      return new PreparedCall(command, effect, spoken.dialect.invoke(command.name, form), spoken);
    } catch (error) {
      // Requests were made for it at most; the call itself was not sent.
      throw error instanceof MailStoreError ? error.in({ request: 'not sent' }) : error;
    }
  }

  /**
   * Throws MailStoreError for a call that could not be sent as it is, since fields that it leaves out would be cleared and their values are not shown, or a field
   * is mistyped. Reads at most; other failures are left to `prepare`.
   */
  async refuseIncomplete(command: Command, args: Arguments, { deadline }: ReadOptions = {}): Promise<void> {
    try {
      await this.#mergeConfiguration(command, await this.#keepAbsent(command, args, deadline), deadline);
    } catch (error) {
      if (!(error instanceof MailStoreError) || isError(error, 'notShownForKeep', 'notFoundForKeep', 'otherSpelling', 'mistypedField'))
        throw error;
    }
  }

  /** Makes a read on this server's own account. Throws MailStoreError when it fails, and for a read that runs long. */
  async read(command: Command, args: Arguments = {}, options: ReadOptions = {}): Promise<ReadValue> {
    const prepared = await this.prepare(permitRead(command, args), options);
    const outcome = await this.send(prepared, { ...options, purpose: 'support' });
    if (outcome.kind === 'running') throw new MailStoreError('readRunsLong', { command: command.name });
    // What is not declared comes from XML as text, also what was a number.
    const { value, drift } = outcome;
    return { value, isExact: drift.length === 0 && prepared.spoken.dialect.name !== 'xml-2012', drift };
  }

  /**
   * Makes a read for a call, by its wire name, in the scope of that call. Throws MailStoreError `unknownCommand` when the catalogue has no such
   * command, and as `read` does.
   */
  async readFor(call: ScopedCall, name: string, args: Arguments = {}, options: ReadOptions = {}): Promise<ReadValue> {
    const { find, inScope } = this.#options.catalogue;
    const command = find(name);
    if (!command) throw new MailStoreError('unknownCommand', { command: name });
    return this.read(command, inScope(call, { command: name, args }).args, options);
  }

  /**
   * Sends a prepared call and returns its value, or the run when the server answers with a token.
   * Throws MailStoreError when the server reports a failure or the way to it is broken. Only reads are tried again after a fault, and not with
   * `once`: what runs long would run twice.
   */
  async send(
    { command, effect, request, spoken }: PreparedCall,
    { once = false, purpose = 'call', signal, deadline }: CallOptions = {},
  ): Promise<Outcome> {
    const isChange = effect !== 'read';
    const notes = listUnsentArguments(command, spoken.commands);
    const isOnlyOnce = isChange || once;
    const options = { signal, deadline, purpose, command, isChange, isOnlyOnce };
    const attempt = async (limitMs?: number) => this.#transport.send(request, { limitMs, ...options });
    try {
      const response = isOnlyOnce ? await attempt() : await retryRead(attempt, this.#options, deadline);
      const reply = readAnswer(spoken.dialect, command, response);
      await pauseIfLarge(response);
      const outcome = this.#outcome(command, spoken.dialect, reply);
      await pauseIfLarge(response);
      return notes.length > 0 ? { ...outcome, notes } : outcome;
    } catch (error) {
      if (error instanceof CommandFailed && notes.length > 0) throw error.explained(notes);
      if (!(error instanceof MailStoreError) || error.request !== 'unknown') throw error;
      throw error.in({ effect: isChange ? 'change' : 'read' });
    }
  }

  /** Asks once for the status of a run and returns the answer's bytes unread, so that they can be stored first: the end is handed out once. */
  async poll(run: ClientRun, knownVersion: number): Promise<WireResponse> {
    const dialect = this.#findDialect(run);
    const options = { extraMs: POLL_WAIT_MS, purpose: 'status', isOnlyOnce: true } as const;
    const response = await this.#transport.send(dialect.status(run, knownVersion, POLL_WAIT_MS), options);
    return response.status === 405 && dialect.statusAfter405 ? this.#transport.send(dialect.statusAfter405(run), options) : response;
  }

  /** Reads the answer of a poll. Throws MailStoreError `tokenUnknown` when the server no longer knows the run. */
  readPoll(command: Command, run: ClientRun, response: WireResponse): Outcome {
    const dialect = this.#findDialect(run);
    return this.#outcome(command, dialect, dialect.read(response, command, run));
  }

  /** True when the answer of a poll certainly says no more than that the run goes on; any other answer may be the only copy of its end. */
  saysRunning(run: ClientRun, response: WireResponse): boolean {
    return this.#findDialect(run).saysRunning(response);
  }

  /** True when the answer of a poll holds a word that ends a run, whether the rest of it can be read or not. */
  saysEnded(run: ClientRun, response: WireResponse): boolean {
    return this.#findDialect(run).saysEnded(response);
  }

  /** Asks the server to cancel a run; it stops when the server gets to it. Throws MailStoreError `cannotCancel` in the 2012 form. */
  async cancel(command: Command, run: ClientRun): Promise<void> {
    const dialect = this.#findDialect(run);
    if (!dialect.cancel) throw new MailStoreError('cannotCancel', { command: command.name });
    const response = await this.#transport.send(dialect.cancel(run), { purpose: 'cancel' });
    // What a server answers to this is not described, so a body of any other form is no reason to doubt it.
    const reply = response.status === 200 ? readable(() => dialect.read(response, CANCEL)) : dialect.read(response, command, run);
    if (reply?.kind === 'failed' && reply.word === 'failed')
      throw new CommandFailed('cancel-async', reply.word, reply.message, reply.progress);
  }

  /**
   * Finds out the API version and compares the server's own list of commands with the catalogue; a server of 2012 has no such list.
   * Throws MailStoreError as a call would.
   */
  async identify(): Promise<{ readonly dialect: Dialect['name']; readonly comparison?: MetadataComparison }> {
    const { dialect, commands: listed } = await this.#speak();
    return { dialect: dialect.name, ...(listed && { comparison: compareMetadata(this.#options.catalogue.commands, listed) }) };
  }

  /**
   * Opens a connection, finds out the API version and makes a read that needs the login, before the first call. A server lists its commands
   * without a login (protocol.md §2.8), so only the read shows whether the login is accepted. A failure is logged, and the next call tries again.
   */
  async warm(): Promise<void> {
    try {
      await this.#speak();
      await this.read(this.#options.catalogue.connectionTest);
    } catch (error) {
      const { log, origin } = this.#options;
      log.warn(`calls to ${origin} will fail as it stands: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Sends nothing more to a server whose API version is not known yet: calls that wait for it have not been sent. */
  stopSearching(): void {
    this.#ending.abort(new MailStoreError('cancelledUnsent', { reason: 'this program is ending' }));
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  /** Returns the dialect of this server, found out on first use and again after a failure to do so. */
  #speak(): Promise<SpokenDialect> {
    this.#spoken ??= this.#choose().catch((error: unknown) => {
      this.#spoken = undefined;
      throw error;
    });
    return this.#spoken;
  }

  async #choose(): Promise<SpokenDialect> {
    const { api, origin, username, catalogue, log } = this.#options;
    const spoken = await retryRead(
      async (limitMs) =>
        chooseDialect(api, this.#transport, {
          origin,
          user: username,
          connectionTest: catalogue.connectionTest,
          limitMs,
          signal: this.#ending.signal,
        }),
      this.#options,
    );
    if (spoken.commands) {
      this.#options.onCommands?.(new Set(spoken.commands.keys()));
      const { missing, unknown, changed } = compareMetadata(catalogue.commands, spoken.commands);
      if (missing.length > 0) log.warn(`${origin} does not have ${missing.join(', ')}`);
      if (unknown.length > 0) log.warn(`${origin} has commands that are not known here and cannot be called: ${unknown.join(', ')}`);
      for (const sentence of changed) log.warn(sentence);
    }
    return spoken;
  }

  /** Fills in what would be cleared when left out with the values that the server has now. */
  async #keepAbsent(command: Command, args: Arguments, deadline: Deadline | undefined): Promise<Arguments> {
    const keep = command.keepAbsent;
    const absent = keep?.names.filter((name) => args[name] === undefined) ?? [];
    if (!keep || absent.length === 0) return args;
    const values = keep.pick((await this.readFor({ command, args }, keep.read, {}, { deadline })).value, args);
    const names = { tool: toolName(command.name), read: toolName(keep.read) };
    if (!values) throw new MailStoreError('notFoundForKeep', { ...names, names: absent });
    // What is masked in a read would be written back as the mask, and a value of another form than the argument's as something else.
    const isKept = (name: string) => values[name] === null || command.input[name]?.safeParse(values[name]).success === true;
    const notShown = absent.filter((name) => values[name] === undefined || mayLackSecret(values[name]) || !isKept(name));
    if (notShown.length > 0) throw new MailStoreError('notShownForKeep', { ...names, names: notShown });
    return { ...args, ...Object.fromEntries(absent.map((name) => [name, values[name]])) };
  }

  /** Completes a configuration object, which the server replaces as a whole, with the fields that the caller left out, as they are set now. */
  async #mergeConfiguration(command: Command, args: Arguments, deadline: Deadline | undefined): Promise<Arguments> {
    const { mergesInto } = command;
    const given = mergesInto && args[mergesInto.argument];
    if (!mergesInto || !isRow(given)) return args;
    const { argument } = mergesInto;
    const { value, isExact, drift } = await this.readFor({ command, args }, mergesInto.read, mergesInto.args?.(args) ?? {}, { deadline });
    const names = { tool: toolName(command.name), read: toolName(mergesInto.read) };
    if (!isRow(value)) throw new MailStoreError('notFoundForKeep', { ...names, names: [argument] });
    const kept = Object.keys(value).filter((name) => !Object.hasOwn(given, name));
    // A server may take either of two spellings of a field.
    const spelled = [...new Set([...Object.keys(value), ...Object.keys(given)])];
    const twice = Object.keys(given).filter(
      (name) => !Object.hasOwn(value, name) && spelled.some((other) => other !== name && isSameName(other, name)),
    );
    if (twice.length > 0) throw new MailStoreError('otherSpelling', { ...names, names: twice, known: Object.keys(value) });
    refuseMistypedFields(names, argument, { given, known: [...Object.keys(value), ...declaredFields(command.input[argument])] });
    const notShown = kept
      .filter((name) => mayLackSecret({ [name]: value[name] }) || drift.length > 0 || (!isExact && !hasOneReading(value[name])))
      .map((name) => `${argument}.${name}`);
    if (notShown.length > 0) throw new MailStoreError('notShownForKeep', { ...names, names: notShown });
    return { ...args, [argument]: mergeConfiguration(value, given) };
  }

  #findDialect({ dialect }: ClientRun): Dialect {
    return dialectNamed(dialect, { origin: this.#options.origin, user: this.#options.username });
  }

  #outcome(command: Command, dialect: Dialect, reply: Reply): Outcome {
    if (reply.kind === 'failed') throw new CommandFailed(command.name, reply.word, reply.message, reply.progress);
    if (reply.kind === 'running') return { ...reply, run: { ...reply.run, dialect: dialect.name } };
    const checked = checkValue(command.output, reply.value, { fromText: dialect.name === 'xml-2012' });
    const { messages } = reply.progress;
    return { kind: 'value', progress: reply.progress, ...checked, ...(messages.length > 0 && { messages }) };
  }
}

/** Bytes from which on other calls have their turn between the steps of reading an answer. */
const LARGE_BYTES = 256 * 1024;

async function pauseIfLarge({ body }: WireResponse): Promise<void> {
  if (body.byteLength >= LARGE_BYTES) await nextTurn();
}

/** Reads the answer to a call. Throws why the connection ended for one that was cut off, unless it is whole nevertheless. */
function readAnswer(dialect: Dialect, command: Command, response: WireResponse): Reply {
  try {
    return dialect.read(response, command);
  } catch (error) {
    throw response.cutBy ?? error;
  }
}

function outOfTime({ name }: Command): MailStoreError {
  return new MailStoreError('outOfTime', { read: toolName(name), seconds: HOLD_MS / 1000 });
}

/** False for text that may have been another type before XML, which writes none, made text of it. */
function hasOneReading(value: unknown): boolean {
  if (typeof value === 'string') return !/^(?:true|false|null|[-+\d.e]*)$/i.test(value);
  return typeof value !== 'object' || value === null || Object.values(value).every(hasOneReading);
}

/** Returns what `read` returns, or undefined where it finds none of the API's own answers. */
function readable(read: () => Reply): Reply | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof MailStoreError) return undefined;
    throw error;
  }
}

/** Thrown when the server says that a command did not succeed: it failed, or was cancelled. */
export class CommandFailed extends MailStoreError<'commandFailed'> {
  readonly word: 'failed' | 'cancelled';
  readonly progress: Progress;

  constructor(command: string, word: 'failed' | 'cancelled', message: string, progress: Progress) {
    super('commandFailed', { command, message });
    this.word = word;
    this.progress = progress;
  }

  /** Returns the same failure with sentences that may explain it. */
  explained(notes: readonly string[]): CommandFailed {
    const { command, message } = this.details;
    return new CommandFailed(command, this.word, [message, ...notes].join(' '), this.progress);
  }
}
