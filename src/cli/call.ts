import { readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import { catalogueFor } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { Redactor } from '../masking/redactor.ts';
import { API_FORMS, type ApiForm } from '../base/target.ts';
import { toVisible } from '../base/escape-hidden.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Command } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { toolName } from '../catalogue/naming.ts';
import { refuseTwinsInJson } from '../catalogue/refuse-twins.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import { loadTerminalConfig } from '../config/kept-settings.ts';
import type { Config, Target } from '../config/load.ts';
import { describeReadFault, oneOf, text } from '../config/setting-types.ts';
import { defaultStateDir } from '../config/state-dir.ts';
import { findingWords, isEnded, type TaskRecord } from '../journal/task-record.ts';
import { worstEffect } from '../policy/decide.ts';
import { findInsight, requireNamed } from '../tester/find-command.ts';
import { readArguments } from '../tester/read-arguments.ts';
import type { Answered, Exchange, Tester, TesterCall } from '../tester/tester.ts';
import { callNotes, commandList, completeCommand, completePair, helpFor } from './call-help.ts';
import { OUTPUT_FORMATS, type OutputFormat } from './answer-formats.ts';
import { CallOutput, changeLines, driftLines, generatedLines, taskView } from './call-output.ts';
import { defineAction, defineSubcommand, flag, option, otherArguments, optionalArgument, type Given } from './define-subcommand.ts';
import { startEmbedded } from './embedded.ts';
import { FOUND_ERRORS, INTERRUPTED, sayError } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { openTester } from './open-tester.ts';
import { endProgress, showProgress, writeAboveProgress } from './progress-bar.ts';
import { readSecrets } from './read-secret.ts';
import { refuseAtTerminal } from './refuse-at-terminal.ts';
import { toShownPage } from './screen.ts';
import { quoteWords, terminalCommand } from './terminal-command.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const { stdin, stdout, stderr } = process;

/** Messages that are shown with a finding; the last ones sum it up. */
const FINDING_LINES = 5;

const options = {
  list: flag('list all commands and insights by group, with what they do to the archive'),
  arguments: option(text('FILE'), 'arguments from a JSON file, or from stdin with -; name=value wins over them'),
  output: {
    ...option(oneOf(OUTPUT_FORMATS), 'the format of the answer; by default a table on a terminal, and JSON elsewhere'),
    short: 'o',
  },
  json: flag('the same as --output json'),
  quiet: flag('only the answer: no progress, no notes on what was done'),
  format: option(oneOf(['json', 'xml']), 'xml uses the API of 2012 with XML answers, and writes the XML as it came'),
  target: option(text('NAME'), 'the target, where the configuration has more than one; a change must name it'),
  raw: flag('the HTTP exchanges of the call as they went over the wire, credentials masked'),
  noWait: flag('do not wait for the end of a long command; write the task'),
  sandbox: flag('call an emulated MailStore inside this program'),
};
const args = {
  command: optionalArgument(text('COMMAND'), 'the command, by MailStore’s name or the tool’s, or an insight', completeCommand),
  pairs: otherArguments(text('NAME=VALUE'), 'its arguments; lists as one,two, objects as JSON, null clears', completePair),
};

type CallGiven = Given<typeof options, typeof args>;

export const call = defineSubcommand({
  name: 'call',
  summary: 'call one command or insight and see its answer',
  settings: 'all',
  action: defineAction({
    options,
    arguments: args,
    examples: [
      { line: 'call GetUserInfo userName=johndoe', shows: 'one user' },
      { line: 'call archive_health', shows: 'is everything in order? An insight answers it from several reads' },
      { line: 'call --list', shows: 'all commands and insights' },
      { line: 'call CreateUser --help', shows: 'the arguments of one command' },
      { line: 'call GetStores --sandbox --raw', shows: 'the HTTP exchange with an emulated MailStore' },
      { line: 'call SetUserPassword userName=johndoe password=-', shows: 'a secret asked for, or read from a pipe' },
    ],
    notes: callNotes,
    helpFor: ([name]) => (name === undefined ? undefined : helpFor(name)),
    run: runCall,
  }),
});

/** Calls one command from a terminal. The exit code of the process reports the outcome. */
async function runCall(given: CallGiven): Promise<void> {
  // A reader that stops early, as `head` does, does not end a call that is in progress.
  stdout.on('error', () => undefined);
  try {
    process.exitCode = await run(given);
  } catch (error) {
    sayError(error);
    process.exitCode = error instanceof MailStoreError ? error.exitCode : 1;
  }
}

async function run(given: CallGiven): Promise<number> {
  const { flags, command: name, pairs: written } = given;
  if (given.list) return print(commandList());
  if (name === undefined)
    throw new MailStoreError('missingSetting', { setting: 'the command of call', hint: 'call --list shows them all.' });
  const sandbox = given.sandbox ? await startEmbedded() : undefined;
  try {
    const config = loadTerminalConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
    const target = chooseTarget(given.target, config);
    const catalogue = catalogueFor(target.edition);
    const insight = findInsight(catalogue, name);
    if (insight) {
      if (given.format === 'xml') throw refused('--format', 'xml', [`json with ${insight.name}, which makes several calls`]);
      const args = { ...(await argumentsFrom(insight.name, given.arguments)), ...readArguments(insight, readPairs(given.pairs)) };
      return await interruptible((ending) => answerInsight(insight, args, given, { config, target, catalogue, ending }));
    }
    const command = requireNamed(catalogue, name);
    refuseUnnamedTarget(command, given.target, config);
    const pairs = await readSecrets(command, readPairs(written), { warn: say, isStdinTaken: given.arguments === '-' });
    const callArgs = { ...(await argumentsFrom(name, given.arguments)), ...readArguments(command, pairs) };
    const made = { command, args: callArgs, target: target.name, form: chooseForm(given, target) };
    return await interruptible(async (ending) => {
      const tester = openCallTester(config);
      try {
        return await new Call({ tester, made, given, config, ending }).run();
      } finally {
        await tester.close();
      }
    });
  } finally {
    await sandbox?.close();
  }
}

function openCallTester(config: Config): Tester {
  const redactor = new Redactor();
  const log = createLog(config.logLevel, { redactor, write: (line) => writeAboveProgress(stderr, line) });
  return openTester(config, log, { client: 'call', adopts: false, redactor });
}

/** Answers an insight, which only reads, and returns the exit code. */
async function answerInsight(
  insight: Insight,
  args: Readonly<Record<string, unknown>>,
  given: CallGiven,
  {
    config,
    target,
    catalogue,
    ending,
  }: { readonly config: Config; readonly target: Target; readonly catalogue: Catalogue; readonly ending: AbortSignal },
): Promise<number> {
  const output = new CallOutput(stdout, config.timeZone ?? machineTimeZone());
  const tester = openCallTester(config);
  let isDrawn = false;
  try {
    const answer = await tester.answer(
      { insight, args, target: target.name, form: chooseForm(given, target) },
      {
        signal: ending,
        ...(given.raw && { onExchange: (exchange) => output.exchange(exchange) }),
        onProgress: (percent, message) => {
          if (given.raw || given.quiet || !stderr.isTTY) return;
          showProgress(stderr, percent, message);
          isDrawn = true;
        },
      },
    );
    if (isDrawn) endProgress(stderr);
    const tools = new Set([...catalogue.commands, ...catalogue.insights].map(({ name }) => toolName(name)));
    // The record of the embedded sandbox ends with this process.
    const stateDir = given.sandbox ? defaultStateDir() : config.stateDir;
    const lineFor = (words: string) => terminalCommand(`call ${words}${given.sandbox ? ' --sandbox' : ''}`, stateDir);
    const findHints = (sentences: readonly string[]) => {
      const named = sentences.flatMap((sentence) => findToolCall(sentence, tools) ?? []);
      const [tool] = named;
      const isCut = sentences.some((sentence) => /\bdetails true\b/.test(sentence));
      return [
        ...(tool === undefined ? [] : [['A name with underscores is run by:', lineFor(tool)] as const]),
        ...(isCut
          ? [
              [
                'With details true:',
                lineFor(quoteWords([insight.name, ...given.pairs.filter((pair) => !pair.startsWith('details=')), 'details=true'])),
              ] as const,
            ]
          : []),
      ];
    };
    if (!given.raw) await output.insight(answer, chooseOutput(given), findHints);
    return 0;
  } catch (error) {
    if (isDrawn) endProgress(stderr);
    if (ending.aborted && !(error instanceof MailStoreError)) return INTERRUPTED;
    throw error;
  } finally {
    await tester.close();
  }
}

/** Returns the first tool that a sentence names, with the argument that it names for it, such as `verify_store includeIndexes=true`. */
function findToolCall(sentence: string, tools: ReadonlySet<string>): string | undefined {
  for (const [, word = '', name, value] of sentence.matchAll(/([a-z]+(?:_[a-z]+)+)(?: with (\w+) (true|false)\b)?/g)) {
    if (tools.has(word)) return name === undefined ? word : `${word} ${name}=${value}`;
  }
  return undefined;
}

/** Returns the format of the answer: a table where a person reads it. */
function chooseOutput({ output, json }: CallGiven): OutputFormat {
  return output ?? (json || !stdout.isTTY ? 'json' : 'table');
}

interface CallParts {
  readonly tester: Tester;
  readonly made: TesterCall;
  readonly given: CallGiven;
  readonly config: Config;
  readonly ending: AbortSignal;
}

/** One call and what is written of it. */
class Call {
  readonly #tester: Tester;
  readonly #call: TesterCall;
  readonly #given: CallGiven;
  readonly #config: Config;
  readonly #out: CallOutput;
  /** Aborts when the program is asked to end. */
  readonly #ending: AbortSignal;
  /** The last answer to the call or to the question for its status, which is the one that holds its value. */
  #lastBody: string | undefined;

  constructor({ tester, made, given, config, ending }: CallParts) {
    this.#ending = ending;
    this.#tester = tester;
    this.#call = made;
    this.#given = given;
    this.#config = config;
    this.#out = new CallOutput(stdout, config.timeZone ?? machineTimeZone());
  }

  /** Makes the call and returns the exit code. */
  async run(): Promise<number> {
    const signal = this.#ending;
    try {
      const answered = await this.#tester.call(this.#call, { prompter: terminalPrompter(signal), signal, onExchange: this.#onExchange });
      return answered.kind === 'task' ? await this.#task(answered.task) : await this.#value(answered);
    } catch (error) {
      if (signal.aborted && !(error instanceof MailStoreError)) return INTERRUPTED;
      throw refuseAtTerminal(error, this.#call.command.name);
    }
  }

  readonly #onExchange = (exchange: Exchange) => {
    if (exchange.purpose !== 'call' && exchange.purpose !== 'status') return;
    if (this.#given.raw) this.#out.exchange(exchange);
    if (exchange.response) this.#lastBody = exchange.response.body;
  };

  async #value(answered: Answered & { readonly kind: 'value' }): Promise<number> {
    await this.#write(answered.value);
    const { change, generated, drift, notes = [], cautions = [], messages = [], finding } = answered;
    // The record of the embedded sandbox ends with this process.
    const isKept = change?.number !== undefined && change.note === undefined && !this.#given.sandbox;
    const revert = isKept ? terminalCommand(`changes revert ${change.number}`, this.#config.stateDir) : undefined;
    if (finding) say(`${this.#call.command.name} finished with ${findingWords(finding)}; MailStore calls it succeeded. Its last messages:`);
    if (finding) say(...messages.slice(-FINDING_LINES).map(({ text: told }) => `  ${told}`));
    // Where a generated password is, is said nowhere else.
    say(...generatedLines(generated));
    this.#note(
      ...cautions.map((caution) => `Caution: ${caution}`),
      ...changeLines(change),
      ...(revert === undefined ? [] : [`To put it back: ${revert}`]),
      ...notes,
      ...driftLines(drift),
    );
    return finding && finding.errors > 0 ? FOUND_ERRORS : 0;
  }

  async #task(started: TaskRecord): Promise<number> {
    if (started.note !== undefined) this.#note(started.note);
    if (this.#given.noWait) {
      await this.#out.answer(taskView(started), this.#outputFormat(), []);
      return 0;
    }
    // A task that was running already may have no process that follows it.
    this.#tester.adopt();
    const ended = isEnded(started) ? started : await this.#follow(started);
    if (!isEnded(ended)) {
      const words = terminalCommand(`tasks wait ${ended.taskId.slice(0, 8)}`, this.#config.stateDir);
      say(
        `${ended.command} goes on.`,
        this.#given.sandbox ? 'The embedded MailStore ends with this program, and it with that.' : `Come back to it with: ${words}`,
      );
      return INTERRUPTED;
    }
    if (ended.status === 'succeeded') {
      const { finding, messages } = ended;
      // The end of the call is not the finding of the work: what was found comes first.
      if (finding) say(`${ended.command} finished with ${findingWords(finding)}; MailStore calls it succeeded. Its last messages:`);
      if (finding) say(...messages.slice(-FINDING_LINES).map(({ text: told }) => `  ${told}`));
      const hasValue = ended.result !== undefined && ended.result !== null;
      if (hasValue || this.#outputFormat() !== 'table') await this.#write(ended.result);
      if (!finding) this.#note(`${ended.command} succeeded.`);
      this.#note(...driftLines(ended.drift));
      return finding && finding.errors > 0 ? FOUND_ERRORS : 0;
    }
    say(describeEnd(ended), ...ended.evidence.map(({ finding, data }) => `${finding} ${JSON.stringify(data ?? null)}`));
    return 1;
  }

  /** Returns the task at its end, or as it stands when it is left alone. */
  async #follow(started: TaskRecord): Promise<TaskRecord> {
    let shownMessages = 0;
    let isDrawn = false;
    const onChange = ({ messages, progress, statusText, status }: TaskRecord) => {
      if (this.#given.raw || this.#given.quiet) return;
      const news = messages.slice(shownMessages);
      for (const { text: told } of news) writeAboveProgress(stderr, `  ${toVisible(told)}\n`);
      shownMessages = messages.length;
      // A file needs no progress bar: it has the lines that the bar would repeat.
      if (!stderr.isTTY && news.length > 0) return;
      showProgress(stderr, progress ?? 0, toVisible(statusText ?? status));
      isDrawn = true;
    };
    const signal = this.#ending;
    const ended = await this.#tester.tasks.waitForEnd(started.taskId, Number.POSITIVE_INFINITY, { onChange, signal });
    if (isDrawn) endProgress(stderr);
    return ended;
  }

  /** Says what a reader of the answer alone does not need. */
  #note(...lines: readonly string[]): void {
    if (!this.#given.quiet) say(...lines);
  }

  #outputFormat(): OutputFormat {
    return chooseOutput(this.#given);
  }

  async #write(value: unknown): Promise<void> {
    if (this.#given.raw) return;
    const isXml = this.#given.format === 'xml';
    if (isXml && this.#lastBody !== undefined) {
      this.#out.xml(this.#lastBody);
      return;
    }
    if (isXml) this.#note('It was begun by another call, which asked in its own form; this is the result as JSON.');
    const { command, args } = this.#call;
    const shown = this.#tester.showTimes(command, args, value);
    await this.#out.answer(shown, isXml ? 'json' : this.#outputFormat(), command.output?.list?.bytes ?? []);
  }
}

function print(text: string): number {
  stdout.write(toShownPage(text, stdout));
  return 0;
}

function say(...lines: readonly string[]): void {
  for (const told of lines) stderr.write(`${toVisible(told)}\n`);
}

function describeEnd({ command, status, error, reason }: TaskRecord): string {
  if (status === 'unknown') return `It is not known how ${command} ended. ${reason ?? ''}`.trimEnd();
  return `mailstore-mcp: ${error ?? `${command} was ${status}.`}`;
}

/** Returns the arguments of a file, or of stdin for `-`; none where no file is named. */
async function argumentsFrom(tool: string, path: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (path === undefined) return {};
  let content: string;
  let value: unknown;
  try {
    content = path === '-' ? await readText(stdin) : readFileSync(path, 'utf8');
    value = JSON.parse(content.replace(/^\uFEFF/, '')) as unknown;
    refuseTwinsInJson(tool, content.replace(/^\uFEFF/, ''));
  } catch (error) {
    if (error instanceof MailStoreError) throw error;
    const reason = error instanceof SyntaxError ? 'it is not JSON' : describeReadFault(error);
    throw new MailStoreError('unreadableFile', { setting: '--arguments', path, reason });
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new MailStoreError('invalidSetting', { setting: '--arguments', value: path, expected: 'a file with a JSON object of arguments' });
}

function readPairs(words: readonly string[]): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const word of words) {
    const equals = word.indexOf('=');
    if (equals <= 0)
      throw new MailStoreError('invalidSetting', {
        setting: 'an argument',
        value: word,
        expected: 'written as name=value; --arguments FILE takes arguments from a file',
      });
    const name = word.slice(0, equals);
    if (Object.hasOwn(pairs, name))
      throw new MailStoreError('invalidSetting', { setting: 'the argument', value: name, expected: 'given only once' });
    pairs[name] = word.slice(equals + 1);
  }
  return pairs;
}

function chooseTarget(name: string | undefined, { targets }: Config): Target {
  const [first] = targets;
  const known = targets.map((target) => target.name);
  const found = name === undefined ? first : targets.find((target) => target.name === name);
  if (!found) throw new MailStoreError('unknownTarget', { target: name ?? '', known });
  return found;
}

/** With more than one target a change has to name its own: a mistyped default is not worth an archive. */
function refuseUnnamedTarget(command: Command, name: string | undefined, { targets }: Config): void {
  if (name !== undefined || targets.length === 1 || worstEffect(command) === 'read') return;
  const known = targets.map((target) => target.name).join(', ');
  throw new MailStoreError('missingSetting', { setting: '--target', hint: `a change has to name one of ${known}.` });
}

function chooseForm({ flags: { '--api': api }, format }: CallGiven, target: Target): ApiForm {
  const form = API_FORMS.find((known) => known === api);
  if (api !== undefined && !form) throw refused('--api', api, API_FORMS);
  switch (format) {
    case undefined:
      return form ?? target.api;
    case 'xml':
      if (form !== undefined && form !== 'legacy-xml') throw refused('--api', form, ['legacy-xml with --format xml']);
      return 'legacy-xml';
    case 'json':
      if (form === 'legacy-xml') throw refused('--api', form, ['auto', 'modern', 'legacy with --format json']);
      return form ?? (target.api === 'legacy-xml' ? 'legacy' : target.api);
  }
}

function refused(setting: string, value: string, values: readonly string[]): MailStoreError {
  return new MailStoreError('invalidSetting', { setting, value, expected: values.join(', ') });
}
