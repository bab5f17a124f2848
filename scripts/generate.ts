/**
 * Writes the committed files that follow from the declarations and the settings; with `--check` it compares instead, and exits with 1
 * when one of them is stale.
 */
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { type FormatConfig, format } from 'oxfmt';
import { ACCESS_LEVELS, type Access } from '../src/base/target.ts';
import { type Command, GROUPS, type Group, RISKS, type Risk, type Verdict } from '../src/catalogue/define-command.ts';
import { describeErrors, type Audience } from '../src/base/errors.ts';
import { toolName } from '../src/catalogue/naming.ts';
import type { Subcommand } from '../src/cli/define-subcommand.ts';
import { argumentWords, optionSummary, optionTerm, toSentence } from '../src/cli/help-text.ts';
import { causes, type Cause } from '../src/cli/doctor/causes.ts';
import { optionsFor } from '../src/cli/known-options.ts';
import { subcommands } from '../src/cli/subcommands.ts';
import { settingList } from '../src/config/settings.ts';
import { certainRisks, decideVerdict, mildestEffect, possibleRisks, worstEffect } from '../src/policy/decide.ts';
import { describeTool } from '../src/mcp/describe-tool.ts';
import type { ToolDefinition } from '../src/mcp/tool-definition.ts';
import { createToolList } from '../src/mcp/tool-list.ts';
import { questions } from '../test/assistant/questions.ts';
import { requests } from '../test/assistant/requests.ts';
import { errorCases } from '../test/base/error-cases.ts';
import { catalogueFor } from '../tools/index.ts';

const catalogue = catalogueFor('server');
const { commands, insights, plans, prompts, resources } = catalogue;
const toolList = createToolList(catalogue);

const REFRESH = 'npm run generate';
const SNAPSHOTS = 'test/tools/snapshots';
const root = fileURLToPath(new URL('..', import.meta.url));

/** Returns every generated file: its path from the root, and the text that it has to hold. */
async function generate(): Promise<Map<string, string>> {
  const texts: readonly (readonly [path: string, text: string])[] = [
    ['docs/tools.md', toolsPage()],
    ['docs/access.md', accessPage()],
    ['docs/configuration.md', configurationPage()],
    ['docs/troubleshooting.md', troubleshootingPage()],
    ['docs/cli.md', cliPage(await Promise.all(Object.values(subcommands).map((load) => load())))],
    ['docs/errors.md', errorsPage()],
    ['docs/assistant.md', assistantPage()],
    ['claude_desktop_config.example.json', claudeDesktopExample()],
    ['server.json', registryEntry()],
    ...toolList.map(({ tool }) => [`${SNAPSHOTS}/${tool.name}.json`, toolSnapshot(tool)] as const),
  ];
  return new Map(await Promise.all(texts.map(async ([path, text]) => [path, await formatted(path, text)] as const)));
}

/**
 * Formats as the format check does, so that the two never disagree about a generated file. Pages are left out of both: with padded tables one
 * longer row would rewrite all the others.
 */
async function formatted(path: string, text: string): Promise<string> {
  if (path.endsWith('.md')) return `${text}\n`;
  const { printWidth, singleQuote } = JSON.parse(readFileSync(join(root, '.oxfmtrc.json'), 'utf8')) as Required<FormatConfig>;
  const { code: result, errors } = await format(path, text, { printWidth, singleQuote });
  if (errors.length > 0) throw new Error(`${path} cannot be formatted: ${errors.map(({ message }) => message).join('; ')}`);
  return result;
}

function header(sources: string): string {
  return `<!-- Generated from ${sources} by \`${REFRESH}\`. Edit the source, not this file. -->`;
}

function toJson(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}

const code = (text: string) => `\`${text}\``;

function groupTitle(group: Group): string {
  return group === 'smtp' ? 'SMTP' : `${group.charAt(0).toUpperCase()}${group.slice(1)}`.replaceAll('-', ' ');
}

function toolNamed(name: string): ToolDefinition {
  const listed = toolList.find(({ tool }) => tool.name === name);
  if (!listed) throw new Error(`There is no tool ${name}.`);
  return listed.tool;
}

function toolsPage(): string {
  const sections = GROUPS.filter((group) => commands.some((command) => command.group === group)).map((group) => {
    const rows = commands.filter((command) => command.group === group).map(toolRow);
    return `## ${groupTitle(group)}\n\n${table(['Tool', 'MailStore command', 'Effect', 'Risk', 'Put back', 'Long-running', 'Arguments', 'Result', 'Since'], rows)}`;
  });
  return [
    header('tools/'),
    '# Tools',
    'Every tool but the insights, the plans and those of tasks and changes is one command of MailStore’s Management API, with the command’s own argument names; a question mark stands after what may be left out.',
    '_Effect_ is what a call does to the archive; a range stands where its arguments, or what they name, decide. _Risk_ is why a call asks a person although it can be put back, see [access levels](access.md); “can be” stands where arguments, or what is read, decide. _Put back_ says whether `revert_change` can undo it, or why nothing can; a yes holds where what was before can be read in full and one call leads back to it. _Result_ is the shape of the answer; a guess is one that no source describes. A reply in any other shape is shown whole all the same, and what differs is listed as `drift`. _Since_ says when the command appeared, where that is known to be after version 9.0; “where listed” means that it is offered only where the server’s own metadata lists it.',
    '## Insights',
    'These tools answer one question each from several reads. They change nothing, work at every access level and in every form of the API, and say what they could not read and did not look at. Each read passes the guard: it needs its own toolset and has its own line in the audit.',
    table(
      ['Tool', 'Arguments', 'What it answers', 'Reads'],
      insights.map(({ name, summary, reads }) => [
        code(name),
        formatArguments(toolNamed(name)),
        summary,
        reads.map((read) => code(toolName(read))).join(', '),
      ]),
    ),
    '## Plans',
    'Changes that belong together. The first call reads, and shows the steps with their cautions and a `planId`, good for ten minutes; a second call with it runs exactly these steps through the guard, after one question for all where any needs one. It stops at the first step that fails, and says what was done, what was not and how to put it back. A plan is stale when what it read has changed.',
    table(
      ['Tool', 'Arguments', 'What it does', 'Reads'],
      plans.map(({ name, summary, reads }) => [
        code(name),
        formatArguments(toolNamed(name)),
        summary,
        reads.map((read) => code(toolName(read))).join(', '),
      ]),
    ),
    ...sections,
    '## Tasks and changes',
    'A command that takes long is answered with a task, and a write is recorded as a change. These tools follow the one and put back the other; they belong to no command of MailStore.',
    table(
      ['Tool', 'Arguments', 'What it does'],
      toolList.filter(({ group }) => group === undefined).map(({ tool }) => [code(tool.name), formatArguments(tool), tool.description]),
    ),
  ].join('\n\n');
}

/** Returns the risks that a command has or can have. */
function riskCell(command: Command): string {
  const certain = certainRisks(command);
  const others = possibleRisks(command).filter((risk) => !certain.includes(risk));
  return [certain.map(code).join(', '), others.length > 0 && `can be: ${others.map(code).join(', ')}`].filter(Boolean).join('; ');
}

/** Returns what becomes of a call under an access level, in the order from the mildest to the worst. */
function accessCell(command: Command, access: Access): string {
  const risks = possibleRisks(command);
  const effects = (['read', 'write', 'destructive'] as const).filter(
    (effect, index, all) => index >= all.indexOf(mildestEffect(command)) && index <= all.indexOf(worstEffect(command)),
  );
  const verdicts = effects.flatMap((effect): Verdict[] => {
    if (effect === 'read' || risks.length === 0) return [{ effect, risks: [] }];
    return command.risk
      ? [
          { effect, risks: command.certainRisks ?? [] },
          { effect, risks },
        ]
      : [{ effect, risks }];
  });
  const words = { allow: 'runs', ask: 'asks', refuse: 'refused' } as const;
  return [...new Set(verdicts.map((verdict) => words[decideVerdict(verdict, access).kind]))].join(' or ');
}

/** Returns the page from which an administrator learns what an access level lets an assistant do. */
function accessPage(): string {
  const rows = commands
    .filter((command) => worstEffect(command) !== 'read')
    .map((command) => [code(toolName(command.name)), ...ACCESS_LEVELS.map((access) => accessCell(command, access)), riskCell(command)]);
  return [
    header('tools/ and src/policy/'),
    '# Access levels',
    'What an assistant can do without asking, with a person’s yes, and not at all. `MAILSTORE_ACCESS` chooses the level; the default is `read-only`.',
    table(
      ['Access', 'Read', 'Write', 'Write with a risk', 'Destructive'],
      [
        ['`read-only`', 'runs', 'refused', 'refused', 'refused'],
        ['`read-write`', 'runs', 'runs', 'asks', 'refused'],
        ['`full`', 'runs', 'runs', 'asks', 'asks'],
      ],
    ),
    'A _destructive_ call cannot be undone. A _risk_ is why a call that can be undone needs a yes all the same:',
    table(
      ['Risk', 'What it means'],
      RISKS.map((risk) => [code(risk), RISK_MEANINGS[risk]]),
    ),
    '## What `read-write` can do without you',
    'Everything that is ordinary work: full names, e-mail addresses that no other user has, an ordinary account (the privileges `login` and `changePassword`) with rights on its own archive, withdrawing rights and privileges from accounts other than its own login, folders moved within one archive, accounts renamed whose password MailStore keeps, stores renamed or created on a drive of the server itself, search indexes, maintenance, jobs of commands that only read or maintain, runs of stored archiving profiles that leave mail at its source (a new or one-off profile asks: its login goes to the place that it names), and settings that only become stricter.',
    '## What `read-write` cannot do without you',
    'Make an administrator or give any other privilege, set a password, open another archive to anybody, rename an account whose password the directory checks, send mail, logins or secrets to another place, lift protection, let a run delete mail at its source, or take away its own login. It asks, with the object, the consequence and the arguments; where your client cannot ask, the call fails and names an approval that you grant in a terminal. What is destructive is refused even with your yes.',
    'A yes is good for exactly what the question showed, for this archive and this login, once and for ten minutes. If anything else reads differently by then, nothing runs and the question is put again with what changed. After three questions of one kind without a yes, or six of any kind, none is asked for ten minutes. Whether a person answers a question, only your client knows: use one that shows it. A model that has a shell under your account can do everything that you can, at every level; [security](security.md) says what that means.',
    'What the decision depends on is read first: whose an address is, what a stored job or profile does, what is configured now. What cannot be read is judged as the worst. A job counts as the worst that its command can do. Putting a change back is judged like any call: undoing a demotion makes an administrator. Cancelling needs what the command that is cut off would need. `MAILSTORE_TOOLSETS` forbids the commands of all other toolsets, under every level and on every way in. Reads need no yes at any level: subjects, senders and folders of every archive, and the names and rights of all users, are readable in `read-only`.',
    '## Every command that changes something',
    '“runs or asks” means that the arguments, or what is read, decide. All other commands only read, and run under every level.',
    table(['Tool', 'read-only', 'read-write', 'full', 'Risk'], rows),
  ].join('\n\n');
}

const RISK_MEANINGS: Readonly<Record<Risk, string>> = {
  'grants-power':
    'It gives privileges, login to the Management API, or control of another account: its password or its multi-factor login.',
  'opens-mail':
    'It lets somebody read mail that is not their own: a right on another archive, an archive or folder that moves to another, a name, address or identity that is taken over.',
  'sends-data-out':
    'Mail, logins or secrets go to a place that the call names: a backup, an export, a profile, a mail server, a directory, a database, a share.',
  'weakens-protection':
    'Legal hold, the activity log, retention, write protection, or what archives and backs up by itself is loosened or stopped.',
  'deletes-at-source': 'A run of a profile removes mail from where it came.',
  'locks-out': 'The account that mailstore-mcp itself logs in with, or the certificate that it trusts, changes.',
};

/** Returns the argument names of a tool, those that may be left out with a question mark. */
function formatArguments({ inputSchema: { properties, required } }: ToolDefinition): string {
  const names = typeof properties === 'object' && properties !== null ? Object.keys(properties) : [];
  const isRequired = (name: string) => Array.isArray(required) && required.includes(name);
  return names.map((name) => code(isRequired(name) ? name : `${name}?`)).join(', ');
}

function toolRow(command: Command): string[] {
  return [
    code(toolName(command.name)),
    code(command.name),
    command.effectRange ? command.effectRange.join(' to ') : command.effect,
    riskCell(command),
    command.inverse ? 'yes' : (command.irreversible ?? ''),
    command.longRunning ? 'yes' : '',
    formatArguments(describeTool(command)),
    resultCell(command),
    [command.since, command.doubtful && 'where listed'].filter(Boolean).join('; '),
  ];
}

/** Returns what a command answers; a guess is what no source describes. */
function resultCell({ output: { kind, schema, isGuess } }: Command): string {
  if (schema instanceof z.ZodUnknown) return 'unknown';
  const shape = kind === 'value' && schema instanceof z.ZodNull ? 'nothing' : kind;
  return isGuess ? `${shape} (guess)` : shape;
}

function toolSnapshot({ name, title, description, annotations, inputSchema, outputSchema }: ToolDefinition): string {
  return toJson({ name, title, description, annotations, inputSchema, outputSchema });
}

function configurationPage(): string {
  const rows = settingList.map(({ env, flag, default: standard, type: { values }, summary, secret }) => [
    code(env),
    flag ? code(flag) : '',
    values ? values.map(code).join(', ') : '',
    standard === undefined ? '' : code(String(standard)),
    secret ? `${summary}; secret` : summary,
  ]);
  return [
    header('src/config/settings.ts'),
    '# Configuration',
    'A flag wins over the environment, the environment over the configuration file, the file over the default. An empty value counts as not set. An unknown flag, or a variable that is nearly one of these, keeps everything from running, and the error has the right spelling. Other `MAILSTORE_*` variables are reported and ignored. A password and a password file that are set in the same place are reported, and the file is read. An error shows a value only where it cannot be a password.',
    '`mailstore-mcp setup` keeps its answers in `terminal.json` in the state folder. `call`, `console`, `tester`, `tasks` and `changes` use this file as their configuration file where neither an option nor a variable names a MailStore or a configuration file. A server that a client starts does not use it: its settings are in the client’s own file.',
    table(['Variable', 'Flag', 'Values', 'Default', 'Meaning'], rows),
    '## Who owns the files',
    'The state folder, the consent key, password files and a configuration file with a password must belong to the user who runs the server, or to root. Others may not change them or the folders above them, and may not read what is secret. Otherwise nothing runs, and the error has the command that cures it. Links in the state folder are refused. `audit show`, `audit verify`, `tasks list`, `tasks show`, `changes list` and `changes show` also read a copy that belongs to another user.',
    'On Windows, owners and access rights are not checked: Node.js does not report them. Keep the state folder and password files inside your profile, which Windows protects.',
  ].join('\n\n');
}

function troubleshootingPage(): string {
  const sections = Object.entries<Cause>(causes).map(([id, { what, cure, exitCode }]) =>
    [`## ${what}`, cure, `\`${id}\`, ${exitCode === 'warning' ? 'a warning' : `exit code ${exitCode}`}`].join('\n\n'),
  );
  return [
    header('src/cli/doctor/causes.ts'),
    '# Troubleshooting',
    'Run `mailstore-mcp doctor`. Where the terminal has `MAILSTORE_*` variables it checks those, else the entry of each client with its own variables. It says what it found, with the values concerned, and the cure. `mailstore-mcp doctor --json` prints the same for a program, under the name at the end of each section here. The exit code is that of the first problem.',
    ...sections,
  ].join('\n\n');
}

function cliPage(declarations: readonly Subcommand[]): string {
  return [
    header('src/cli'),
    '# Command line',
    '`mailstore-mcp SUBCOMMAND --help` shows the same in a terminal. Without a subcommand it serves. Every subcommand takes `-h`, `--help`, `-v` and `--version`; those that take settings take the options of [configuration.md](configuration.md). Exit code 2 means that the command line or the configuration is wrong.',
    table(
      ['Subcommand', 'What it does'],
      declarations.map(({ name, summary }) => [`[${code(name)}](#${name})`, summary]),
    ),
    ...declarations.map(subcommandSection),
  ].join('\n\n');
}

const TAKEN_SETTINGS = {
  all: 'It takes every setting.',
  state: 'It takes `--state-dir` and `--config`.',
  none: 'It takes no settings.',
} as const;

function subcommandSection(subcommand: Subcommand): string {
  const { name, summary, settings, actions, defaultAction } = subcommand;
  const parts = Object.entries(actions).map(([action, declaration]) => {
    const words = `mailstore-mcp ${[name, action].filter((word) => word !== '').join(' ')}${argumentWords(declaration)}`;
    const isDefault = action !== '' && action === defaultAction;
    const options = optionsFor(subcommand, declaration).filter((option) => option.name !== undefined);
    const rows = [
      ...Object.values(declaration.arguments ?? {}).map((argument) => [code(argument.type.placeholder), argument.summary]),
      ...options.map((option) => [code(optionTerm(option)), optionSummary(option)]),
    ];
    return [
      action === '' ? code(words) : `### ${code(words)}`,
      ...(declaration.summary === undefined ? [] : [`${toSentence(declaration.summary)}${isDefault ? ' This is the default.' : ''}`]),
      ...(rows.length > 0 ? [table(['Argument or option', 'Meaning'], rows)] : []),
      ['```sh', ...declaration.examples.flatMap(({ line, shows }) => [`# ${shows}`, `mailstore-mcp ${line}`]), '```'].join('\n'),
      ...(declaration.notes ? [['```text', declaration.notes(), '```'].join('\n')] : []),
    ].join('\n\n');
  });
  return [`## ${name}`, `${toSentence(summary)} ${TAKEN_SETTINGS[settings]}`, ...parts].join('\n\n');
}

const AUDIENCES: Readonly<Record<Audience, string>> = {
  caller: 'the caller',
  configuration: 'the administrator of this server',
  record: 'the administrator of this server (state folder)',
  server: 'the administrator of MailStore',
  network: 'the administrator of the network',
  us: 'the makers of this server',
};

function assistantPage(): string {
  return [
    header('test/assistant, tools/prompts and tools/resources'),
    '# What an assistant sees, and what it costs',
    'Forty requests of administrators with the calls that a good run makes, and the most that a model reads of the answers, in tokens of o200k. The test `test/assistant/requests.test.ts` replays them on the emulated archive of 274 users and some 3,000 runs, and checks what the answers say, the state afterwards and that nothing else has changed.',
    table(
      ['Request', 'Calls', 'Tokens at most'],
      requests.map(({ request, steps, tokens }) => [
        request,
        steps.map(({ tool }) => code(tool)).join(', '),
        tokens.toLocaleString('en-US'),
      ]),
    ),
    '## Questions',
    'The questions that an insight answers, asked of an archive of 10,000 users, 100,000 runs and 40 stores (`mailstore-mcp sandbox --seed large`), and what each may cost until all of it was looked at. The test `test/assistant/large-archive.test.ts` holds them to it; `npm run bench -- questions` also measures the time.',
    table(
      ['Question', 'Tool', 'Calls', 'Reads of MailStore at most', 'Tokens at most'],
      questions.map(({ question, tool, args, calls, reads, tokens }) => [
        question,
        code(`${tool} ${JSON.stringify(args)}`),
        String(calls),
        reads.toLocaleString('en-US'),
        tokens.toLocaleString('en-US'),
      ]),
    ),
    '## Prompts',
    'Requests that recur, for a person to choose from. Arguments with a star are required; values of the others and of these are completed from the archive where they name something in it.',
    table(
      ['Prompt', 'Arguments', 'What it asks for'],
      prompts.map(({ name, description, arguments: args }) => [
        code(name),
        Object.entries(args)
          .map(([argument, { required }]) => `${code(argument)}${required ? '\\*' : ''}`)
          .join(', '),
        description,
      ]),
    ),
    '## Resources',
    'Context that a person can hand to a model, as bounded JSON that no shared cache may keep. Reads of the archive pass the guard and have their lines in the audit. `{target}` is the name of the archive in the configuration, `default` if it has none.',
    table(
      ['URI', 'What it is'],
      [
        ...resources.map(({ path, description }) => [code(`mailstore://{target}/${path}`), description]),
        [code('mailstore-mcp://tasks'), 'The long-running commands that this server started; with `/{taskId}` one of them.'],
        [code('mailstore-mcp://audit'), 'The last 50 lines of the audit.'],
        [code('mailstore-mcp://commands'), 'The tools of this server; with `/{tool}` one of them.'],
      ],
    ),
  ].join('\n\n');
}

function errorsPage(): string {
  const rows = describeErrors().map(({ code: name, audience, request, retry, exitCode }) => [
    code(name),
    AUDIENCES[audience],
    request,
    retry ? 'yes' : '',
    String(exitCode),
    errorCases[name][0]?.[1] ?? '',
  ]);
  return [
    header('src/base/errors.ts and test/base/error-cases.ts'),
    '# Errors',
    'Every error that a caller can meet. _Request_ says what is known of the request: `not sent` (nothing happened), `unknown` (it was sent, and no readable answer came: a change may have been carried out) or `answered`. Where it is unknown, the sentence goes on: a read can be called again, and the state has to be read before a change is repeated. _Repeated_ marks what the server tries again by itself: reads, and writes to its own record. _Exit_ is the exit code of `mailstore-mcp`.',
    table(['Code', 'Who can act', 'Request', 'Repeated', 'Exit', 'For example'], rows),
  ].join('\n\n');
}

/** The entry that a user copies, after `npm install --global .`; two values are to be filled in. Throws when a variable is none of the settings. */
function claudeDesktopExample(): string {
  const environment = {
    MAILSTORE_URL: 'https://mailstore.example.com:8463',
    MAILSTORE_USERNAME: 'admin',
    MAILSTORE_PASSWORD_FILE: 'C:\\Users\\you\\mailstore-password.txt',
    // Empty counts as not set: it shows where the fingerprint of a self-signed certificate belongs.
    MAILSTORE_TLS_FINGERPRINT: '',
    MAILSTORE_ACCESS: 'read-only',
  };
  const known = new Set<string>(settingList.map(({ env }) => env));
  const unknown = Object.keys(environment).filter((name) => !known.has(name));
  if (unknown.length > 0)
    throw new Error(`The example configuration sets ${unknown.join(', ')}, which src/config/settings.ts does not know`);
  return toJson({ mcpServers: { mailstore: { command: 'mailstore-mcp', args: [], env: environment } } });
}

/** The entry of the MCP registry; its name has to be the `mcpName` of package.json. */
function registryEntry(): string {
  const { name, version, description, mcpName } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
  return toJson({
    $schema: 'https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json',
    name: mcpName,
    description,
    version,
    packages: [
      {
        registryType: 'npm',
        identifier: name,
        version,
        transport: { type: 'stdio' },
        environmentVariables: settingList.map(({ env, summary, secret, key }) => ({
          name: env,
          description: summary,
          isRequired: key === 'url' || key === 'username',
          isSecret: secret === true,
        })),
      },
    ],
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Returns the files that nothing generates any more: snapshots of tools that were renamed or removed. */
function findLeftovers(generated: ReadonlyMap<string, string>): string[] {
  let names: string[];
  try {
    names = readdirSync(join(root, SNAPSHOTS));
  } catch {
    return [];
  }
  return names.map((name) => `${SNAPSHOTS}/${name}`).filter((path) => !generated.has(path));
}

const generated = await generate();
const stale = [...generated.keys()].filter((path) => readText(path) !== generated.get(path));
const leftovers = findLeftovers(generated);

if (process.argv.includes('--check')) {
  for (const path of stale) console.log(`${path} is stale; refresh it with: ${REFRESH}`);
  for (const path of leftovers) console.log(`${path} belongs to no tool; remove it with: ${REFRESH}`);
  process.exitCode = stale.length + leftovers.length > 0 ? 1 : 0;
} else {
  for (const path of stale) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), generated.get(path) ?? '');
    console.log(`wrote ${path}`);
  }
  for (const path of leftovers) {
    rmSync(join(root, path));
    console.log(`removed ${path}`);
  }
}
