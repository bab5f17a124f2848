import { joinWords } from './join-words.ts';
import { CONSENT_TIME } from './limits.ts';

/** Who can do something about an error. `record` is the person who keeps the state folder with its tasks and approvals. */
export type Audience = 'caller' | 'configuration' | 'record' | 'server' | 'network' | 'us';

/**
 * What is known of the request: it was not sent, so nothing happened; it was sent and nothing readable came back, so it may have been carried
 * out; or the server answered it.
 */
export type RequestState = 'not sent' | 'unknown' | 'answered';

interface ErrorRow<Details> {
  readonly audience: Audience;
  readonly request: RequestState;
  /** Whether the client repeats a read that ended this way, and a write to the journal is tried again. */
  readonly retry: boolean;
  /** Exit code of the process. Default: 1 for an unknown or answered request, else 2 (caller, configuration, record), 4 (network) or 1. */
  readonly exitCode?: number;
  /** One sentence on what failed and with which value, and what to do next. */
  readonly say: (details: Details) => string;
}

/** A row without one of its columns does not compile. */
const row = <Details = Record<never, never>>(columns: ErrorRow<Details>): ErrorRow<Details> => columns;

/** Every error that a caller can meet, in one table. */
const table = {
  unknownTool: row<{ tool: string; nearest?: string | undefined; isCompact?: boolean }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, nearest, isCompact }) => {
      const look = isCompact ? 'find_tools finds what this server offers.' : 'list the tools to see what this server offers.';
      return `There is no tool '${tool}'; ${nearest ? `did you mean ${nearest}?` : look}`;
    },
  }),
  planImpossible: row<{ tool: string; reason: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, reason }) => `${tool} has no plan: ${reason} Nothing was changed.`,
  }),
  planStale: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool }) =>
      `The plan is stale: what ${tool} read for it has changed, its ${CONSENT_TIME} are over, or the arguments are others, so nothing was changed. Call ${tool} without planId and look at the steps again.`,
  }),
  planUsed: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool }) => `This planId has run already, so nothing was changed now. Call ${tool} without planId to see what is left.`,
  }),
  stepChanged: row<{ tool: string; shown: string; now: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, shown, now }) =>
      `${tool} was not called: as a step it was shown as ${shown}, and now it counts as ${now}. Plan again, and look at the steps.`,
  }),
  stepOutdated: row<{ tool: string; was: string; now: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, was, now }) =>
      `${tool} was not called: what the plan changes is no longer as it was shown: it was ${excerpt(was, 500)}, and now it is ${excerpt(now, 500)}. Plan again, and look at the steps.`,
  }),
  stepUnderWay: row<{ tool: string; taskId: string; note: string | undefined }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ tool, taskId, note }) =>
      `${tool} still runs as the task ${taskId}, so the steps after it were not begun; get_task_status shows its end.${note === undefined ? '' : ` ${note}`}`,
  }),
  stepNotSucceeded: row<{ tool: string; taskId: string; end: string; note: string | undefined }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ tool, taskId, end, note }) =>
      `${tool} became the task ${taskId}, which ended as ${end}.${note === undefined ? '' : ` ${note}`} Read what it was to change before you go on.`,
  }),
  unknownPrompt: row<{ prompt: string; nearest?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ prompt, nearest }) =>
      `There is no prompt '${excerpt(prompt)}'${nearest ? `; did you mean ${nearest}?` : '; list the prompts to see what this server offers.'}`,
  }),
  invalidPrompt: row<{ prompt: string; problems: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ prompt, problems }) => `The prompt '${prompt}' was not filled in: ${problems.join('; ')}. Correct this and ask again.`,
  }),
  notAtOnce: row<{ tool: string }>({
    audience: 'caller',
    request: 'answered',
    retry: false,
    say: ({ tool }) => `MailStore did not answer ${tool} at once but began a task; follow it with get_task_status.`,
  }),
  unknownCommand: row<{ command: string; nearest?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ command, nearest }) => `There is no MailStore command '${command}'${nearest ? `; did you mean ${nearest}?` : '.'}`,
  }),
  unknownArguments: row<{ tool: string; unknown: readonly string[]; expected: readonly string[]; nearest?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, unknown, expected, nearest }) =>
      `${tool} does not take ${joinWords(unknown)}${nearest ? ` (did you mean ${nearest}?)` : ''}; ${expected.length > 0 ? `it takes ${joinWords(expected)}` : 'it takes no arguments'}. Remove or rename and call again.`,
  }),
  invalidArguments: row<{ tool: string; problems: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, problems }) => `${tool} was not called: ${problems.join('; ')}. Correct this and call again.`,
  }),
  unknownFields: row<{ tool: string; unknown: readonly string[]; known: readonly string[]; nearest?: string | undefined }>({
    audience: 'caller',
    request: 'answered',
    retry: false,
    say: ({ tool, unknown, known, nearest }) =>
      `The rows of ${tool} have no field ${joinWords(unknown)}${nearest ? ` (did you mean ${nearest}?)` : ''}; ${known.length > 0 ? `they have ${joinWords(known.slice(0, 60))}` : 'they have no fields'}. Correct where, sort or fields and call again.`,
  }),
  unsendable: row<{ argument: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ argument }) =>
      `The argument ${argument} contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.`,
  }),
  notAllowed: row<{ tool: string; effect: string; access: string; needed: string; limitedTarget?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool, effect, access, needed, limitedTarget }) =>
      limitedTarget !== undefined
        ? `${tool} is refused: with these arguments it is ${nameEffect(effect)}, and the target ${limitedTarget} has its own access ${access}. To allow it, an administrator sets that to ${needed} in the file of MAILSTORE_CONFIG, with MAILSTORE_ACCESS no lower, and restarts the server.`
        : `${tool} is refused: with these arguments it is ${nameEffect(effect)}, and this server runs with MAILSTORE_ACCESS=${access}. To allow it, an administrator sets MAILSTORE_ACCESS=${needed} in the server's configuration and restarts it.`,
  }),
  toolsetOff: row<{ tool: string; toolset: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool, toolset }) =>
      `${tool} is refused: it belongs to the toolset ${toolset}, which is not among MAILSTORE_TOOLSETS. An administrator can add it there and restart the server.`,
  }),
  notConfirmed: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool }) => `${tool} was not run: it needs a person's yes, and there is none.`,
  }),
  declined: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool }) => `${tool} was not run: it needs a person's yes, and the question was declined.`,
  }),
  keepsChanging: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool }) =>
      `${tool} was not run: what its question shows has changed each time before it could run. Look at the object, then call again.`,
  }),
  tooManyApprovals: row<{ pending: number; target: string; here: number }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ pending, target, here }) =>
      `Nothing was run: it needs a person's yes, and too many approvals are pending already (${here} for the target ${target}, ${pending} in all). Wait until a person has decided on them, or ${CONSENT_TIME} until they expire.`,
  }),
  needsApproval: row<{ tool: string; because: string; command: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool, because, command }) =>
      `${tool} was not run: it needs a person's yes, and ${because}. Give this command to a person who may decide, do not run it yourself, and call again with the same arguments once they have run it in a terminal within ${CONSENT_TIME}: \`${command}\`.`,
  }),
  foreignAnswer: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ tool }) =>
      `${tool} was not run: the answer does not belong to this call, is older than ${CONSENT_TIME}, was used before, or what it was given to has changed. Call again to be asked again.`,
  }),
  unknownApproval: row<{ approvalId: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ approvalId }) =>
      `No approval with the id '${approvalId}' is pending here; approve without an id lists the pending ones, and --state-dir names the server's folder if it has another.`,
  }),
  approvalOver: row<{ approvalId: string; state: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ approvalId, state }) => `The request ${approvalId} is ${state} and cannot be decided any more; have the call repeated.`,
  }),
  invalidFault: row<{ setting: string; says: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, says }) => `${setting} cannot be used: ${says}`,
  }),
  quotedValue: row<{ setting: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting }) => `${setting} holds its value in quotes; remove the quotes.`,
  }),
  notAPath: row<{ setting: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting }) =>
      `${setting} is not the whole path of a file; write the path from the root or the drive on, or put the password itself into MAILSTORE_PASSWORD. Its value is not shown, since it may be the password.`,
  }),
  setupFailed: row<{ says: string; cure: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ says, cure }) => `${says} ${cure}`.trim(),
  }),
  cannotServe: row<{ reason: string; command: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ reason, command }) => `${reason} To check every setting, run \`${command}\` in a terminal.`,
  }),
  noTerminal: row<{ what: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ what }) => `${what} takes a yes only from a person at a terminal, and this is not one; run it in a terminal yourself.`,
  }),
  unknownTarget: row<{ target: string; known: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ target, known }) => `There is no target '${target}' here; this server has ${joinWords(known)}.`,
  }),
  unknownChange: row<{ number: number }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number }) => `There is no change ${number}; list the changes to see those that are recorded.`,
  }),
  changeUnderWay: row<{ number: number; taskId: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number, taskId }) =>
      `The change ${number} is still being made by the task ${taskId}, so it cannot be put back yet. Wait for the task or cancel it, then try again.`,
  }),
  alreadyReverted: row<{ number: number; by: number }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number, by }) => `The change ${number} was put back before, by the change ${by}; revert that one to have it again.`,
  }),
  noWayBack: row<{ number: number; reason?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number, reason }) => `The change ${number} cannot be put back: ${reason ?? 'what was before it does not allow it.'}`,
  }),
  otherArchive: row<{ number: number; origin: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number, origin }) =>
      `The change ${number} was made at ${origin}, which is not configured here, and it can be put back nowhere else. Configure that archive and try again.`,
  }),
  changedSince: row<{ number: number; left: string; now: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ number, left, now }) =>
      `The change ${number} was not put back, because its object was changed since: it left ${excerpt(left, 500)}, and now it is ${excerpt(now, 500)}. Set it by its own tool if that is meant.`,
  }),
  maskedSecret: row<{ tool: string; field: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field }) =>
      `${tool} was not called: ${field} is '***', which is what reads show in the place of a secret. State the secret itself or where it is, such as {"fromEnv": "MAILSTORE_SECRET_…"}, or leave the field out.`,
  }),
  secretNotSet: row<{ tool: string; field: string; variable: string; nearest?: string | undefined }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field, variable, nearest }) =>
      `${tool} was not called: ${field} is to come from the variable ${variable}, which is not set${nearest ? ` (did you mean ${nearest}?)` : ''}. Set it in the server's configuration and restart it.`,
  }),
  noSecretsFolder: row<{ tool: string; field: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field }) =>
      `${tool} was not called: ${field} is to come from a file, and MAILSTORE_SECRETS_DIR names no folder for such files. Set it in the server's configuration and restart it.`,
  }),
  secretOutside: row<{ tool: string; field: string; file: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field, file }) =>
      `${tool} was not called: the file '${file}' for ${field} is not inside MAILSTORE_SECRETS_DIR; name one that is.`,
  }),
  secretUnreadable: row<{ tool: string; field: string; file: string; reason: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field, file, reason }) => `${tool} was not called: the file '${file}' for ${field} cannot be used (${reason}).`,
  }),
  secretTooLong: row<{ tool: string; field: string; bytes: number; limit: number }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, field, bytes, limit }) =>
      `${tool} was not called: the secret in ${field} has ${bytes} bytes, and at most ${limit} are taken. Use a shorter one and call again.`,
  }),
  twinNames: row<{ tool: string; path: string; names: readonly [string, string] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, path, names: [one, other] }) =>
      `${tool} was not called: ${path === '' ? 'its arguments have' : `${path} has`} ${one === other ? `the field '${one}' twice` : `the fields '${one}' and '${other}', which MailStore may take for the same one`}. Keep one and call again.`,
  }),
  noSecretTyped: row<{ argument: string; reason: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ argument, reason }) =>
      `Nothing was sent: ${argument}=- is read from a prompt or from a line of stdin, and ${reason}. Type it there, or name a variable: ${argument}={"fromEnv": "MAILSTORE_SECRET_…"}.`,
  }),
  callNotAllowed: row<{ command: string; effect: string; access: string; needed: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 3,
    say: ({ command, effect, access, needed }) =>
      `${command} is refused: with these arguments it is ${nameEffect(effect)}, and the access is ${access}. To run it, add --access ${needed}; a target's own setting may still be lower.`,
  }),
  unknownTask: row<{ taskId: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ taskId }) => `There is no task '${taskId}'; list the tasks to see those that are recorded.`,
  }),
  taskElsewhere: row<{ taskId: string; origin: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ taskId, origin }) =>
      `The task '${taskId}' belongs to ${origin}, which is not configured here. Configure that archive and try again; what is recorded of it is kept.`,
  }),
  cannotCancelYet: row<{ command: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ command }) =>
      `${command} cannot be cancelled yet: MailStore has not answered its start, and only that answer says by what it can be cancelled. Nothing was sent; call again when its status is running.`,
  }),
  cannotCancel: row<{ command: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ command }) =>
      `${command} cannot be cancelled: the 2012 form of the API has no way to ask for it. The command runs on and its end will be kept.`,
  }),
  notFoundForKeep: row<{ tool: string; read: string; names: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, read, names }) =>
      `${tool} was not called: ${joinWords(names)} would be cleared when left out, and ${read} does not show the object to keep them from. Check the id, or state every value (null clears).`,
  }),
  notShownForKeep: row<{ tool: string; read: string; names: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, read, names }) =>
      `${tool} was not called: ${joinWords(names)} would be cleared when left out, and ${read} does not show what is set now. State every one of these and call again (null clears).`,
  }),
  otherSpelling: row<{ tool: string; read: string; names: readonly string[]; known: readonly string[] }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, read, names, known }) =>
      `${tool} was not called: ${joinWords(names)} is not how ${read} spells it, and the server could take either. Its fields are ${joinWords(known)}.`,
  }),
  mistypedField: row<{ tool: string; read: string; field: string; meant: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool, read, field, meant }) =>
      `${tool} was not called: ${read} shows no ${field}; did you mean ${meant}? Correct this and call again.`,
  }),
  readRunsLong: row<{ command: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: ({ command }) =>
      `${command} was to be read in the course of another call and runs long on this server; its value was not waited for.`,
  }),
  secretNotKept: row<{ path: string; reason: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ path, reason }) =>
      `Nothing was sent: the generated secret could not be written to '${path}' (${reason}), and without the file it would be lost. Give this server the right to write there, or set MAILSTORE_SECRETS_DIR to another folder.`,
  }),
  commandMissing: row<{ command: string }>({
    audience: 'server',
    request: 'not sent',
    retry: false,
    say: ({ command }) =>
      `This MailStore does not have the command ${command}: its own list (get-metadata) leaves it out. A newer version may have it.`,
  }),

  unknownSubcommand: row<{ name: string; nearest?: string | undefined }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ name, nearest }) => `There is no subcommand '${name}'${nearest ? `; did you mean ${nearest}?` : '; see mailstore-mcp --help.'}`,
  }),
  unknownOption: row<{ option: string; nearest?: string | undefined; help: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ option, nearest, help }) => `Unknown option ${option}${nearest ? `; did you mean ${nearest}?` : `; see ${help}.`}`,
  }),
  joinedWords: row<{ option: string; value: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ option, value }) => `${option} and its value are one word here; write them as two: "${option}", "${value}".`,
  }),
  wrongArgs: row<{ reason: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ reason }) =>
      `${reason} Correct "args" in the client's entry for this server: it holds options, each word on its own, such as ["--access", "read-write"].`,
  }),
  missingValue: row<{ option: string; placeholder: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ option, placeholder }) => `${option} needs a value; write ${option} ${placeholder}.`,
  }),
  missingArgument: row<{ command: string; placeholder: string; summary: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ command, placeholder, summary }) => `${command} needs ${placeholder}, ${summary}; see ${command} --help.`,
  }),
  unexpectedWord: row<{ word: string; nearest?: string | undefined; help: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ word, nearest, help }) => `Unexpected word '${word}'${nearest ? `; did you mean ${nearest}?` : `; see ${help}.`}`,
  }),
  unknownSettings: row<{ unknown: readonly { readonly setting: string; readonly nearest?: string | undefined }[] }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ unknown }) => {
      const [first, ...others] = unknown;
      if (first && others.length === 0) {
        return `Unknown setting ${first.setting}${first.nearest ? `; did you mean ${first.nearest}?` : '; remove it, or see docs/configuration.md.'}`;
      }
      const names = unknown.map(({ setting, nearest }) => (nearest ? `${setting} (did you mean ${nearest}?)` : setting));
      return `Unknown settings ${joinWords(names)}; correct or remove each, or see docs/configuration.md.`;
    },
  }),
  invalidSetting: row<{ setting: string; value?: string | undefined; expected: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, value, expected }) =>
      value === undefined
        ? `${setting} must be ${expected}. Its value is not shown, since it may be a password.`
        : `${setting} is '${value}', but must be ${expected}.`,
  }),
  unexpandedPlaceholder: row<{ setting: string; placeholder: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, placeholder }) =>
      `${setting} holds the placeholder '${placeholder}', which the client did not replace by a value; write the value in its place, or define what the placeholder names in the client.`,
  }),
  exampleValue: row<{ setting: string; example: string; cure: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, example, cure }) => `${setting} holds '${example}', which is an example from a documentation; ${cure}.`,
  }),
  settingToRewrite: row<{ setting: string; value?: string | undefined; problem: string; rewritten: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, value, problem, rewritten }) =>
      `${setting} ${value === undefined ? '' : `is '${value}', which `}${problem}; write '${rewritten}'.`,
  }),
  sha1Fingerprint: row<{ setting: string; thumbprint: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, thumbprint }) =>
      `${setting} holds a SHA-1 thumbprint (40 digits), but must be the SHA-256 fingerprint (64 digits); in PowerShell on the MailStore machine this shows it: \`Get-ChildItem -Recurse Cert:\\LocalMachine | Where-Object Thumbprint -eq ${thumbprint} | ForEach-Object { [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($_.RawData)) }\`.`,
  }),
  passwordFile: row<{ setting: string; path: string; problem: string; cure: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, path, problem, cure }) => `The file '${path}' named by ${setting} ${problem}; ${cure}.`,
  }),
  notJsonFile: row<{ setting: string; path: string; line: number; column: number; problem: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, path, line, column, problem }) =>
      `The file '${path}' named by ${setting} is not JSON: line ${line}, column ${column}: ${problem}.`,
  }),
  notPrivate: row<{ what: string; path: string; problem: string; cure: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ what, path, problem, cure }) => `'${path}' (${what}) ${problem}, so nothing runs; cure it with \`${cure}\`.`,
  }),
  twinSettings: row<{ path: string; names: readonly [string, string] }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ path, names: [one, other] }) =>
      `The file '${path}' named by MAILSTORE_CONFIG has ${one === other ? `'${one}' twice` : `both '${one}' and '${other}'`} in one object, and only one of them would count; remove the other.`,
  }),
  unsafeSecretsDir: row<{ path: string; reason: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ path, reason }) =>
      `MAILSTORE_SECRETS_DIR is '${path}', which ${reason}: every file in it could be sent to MailStore as a password. Make a folder for secrets alone, such as one named mailstore-secrets, and set it to that.`,
  }),
  missingSetting: row<{ setting: string; hint: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, hint }) => `${setting} is not set; ${hint}`,
  }),
  unreadableFile: row<{ setting: string; path: string; reason: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, path, reason }) => `The file '${path}' named by ${setting} cannot be read: ${reason}.`,
  }),
  plainHttp: row<{ setting: string; url?: string | undefined; rewritten?: string | undefined }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ setting, url, rewritten }) =>
      `${url === undefined ? setting : `'${url}'`} is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way${rewritten === undefined ? '' : `; write '${rewritten}'`}.`,
  }),

  noSqlite: row<{ reasons: readonly string[] }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ reasons }) =>
      `Tasks cannot be kept, because no SQLite loads (${reasons.join('; ')}). Run with Node 22.13 or later, or install the package libsql next to mailstore-mcp.`,
  }),
  journalFull: row<{ path: string }>({
    audience: 'record',
    request: 'not sent',
    retry: true,
    say: ({ path }) =>
      `The disk is full: '${path}' could not be written. Free space, or set MAILSTORE_STATE_DIR to a folder on another disk.`,
  }),
  journalNotWritable: row<{ path: string; reason: string }>({
    audience: 'record',
    request: 'not sent',
    retry: true,
    say: ({ path, reason }) =>
      `'${path}' cannot be written (${reason}); give the account of this server the right to write this file and its folder, or set MAILSTORE_STATE_DIR to another folder.`,
  }),
  journalBroken: row<{ path: string; reason: string }>({
    audience: 'record',
    request: 'not sent',
    retry: true,
    say: ({ path, reason }) =>
      `'${path}' is damaged or is no journal of this server (${reason}); it was left alone. Move it away to begin a new one, and keep it if its tasks matter.`,
  }),
  journalNewer: row<{ path: string; found: number; known: number }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ path, found, known }) =>
      `'${path}' was written by a newer mailstore-mcp (format ${found}; this one knows ${known}) and was left alone. Update this one, or set MAILSTORE_STATE_DIR to another folder.`,
  }),
  auditNotWritable: row<{ path: string; reason: string }>({
    audience: 'configuration',
    request: 'not sent',
    retry: false,
    say: ({ path, reason }) =>
      `The audit '${path}' cannot be written (${reason}), so the call is not on record, and no change is made until it can be; free space, or give the account of this server the right to write this file and its folder.`,
  }),
  auditUnreadable: row<{ path: string; reason: string }>({
    audience: 'record',
    request: 'not sent',
    retry: false,
    say: ({ path, reason }) =>
      `The audit '${path}' cannot be read (${reason}); give this account the right to read it, or move away what has its place and put the file back.`,
  }),
  journalBusy: row<{ path: string; ms: number }>({
    audience: 'record',
    request: 'not sent',
    retry: true,
    exitCode: 1,
    say: ({ path, ms }) =>
      `Another process has kept '${path}' locked for ${ms} ms. Call again; if this stays, close what has the file open, such as a backup or a database viewer.`,
  }),
  journalUnusable: row<{ path: string; reason: string }>({
    audience: 'record',
    request: 'not sent',
    retry: true,
    say: ({ path, reason }) =>
      `'${path}' cannot be used (${reason}); check the disk and the folder, or set MAILSTORE_STATE_DIR to another folder.`,
  }),

  cancelledUnsent: row<{ reason: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    exitCode: 130,
    say: ({ reason }) => `Nothing was sent: ${reason} before.`,
  }),
  cancelledSent: row<{ reason: string }>({
    audience: 'caller',
    request: 'unknown',
    retry: false,
    exitCode: 130,
    say: ({ reason }) => `The request was sent and its answer not waited for: ${reason}.`,
  }),

  hostNotFound: row<{ host: string }>({
    audience: 'network',
    request: 'not sent',
    retry: false,
    say: ({ host }) => `The host '${host}' cannot be found; check the name in MAILSTORE_URL.`,
  }),
  connectionRefused: row<{ origin: string }>({
    audience: 'network',
    request: 'not sent',
    retry: true,
    say: ({ origin }) =>
      `${origin} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
  }),
  connectTimeout: row<{ origin: string; ms: number }>({
    audience: 'network',
    request: 'not sent',
    retry: true,
    say: ({ origin, ms }) => `${origin} did not accept a connection and take the request within ${ms} ms; check host, port and firewall.`,
  }),
  replyTimeout: row<{ origin: string; ms: number }>({
    audience: 'network',
    request: 'unknown',
    retry: false,
    say: ({ origin, ms }) => `${origin} accepted the request and did not answer completely within ${ms} ms.`,
  }),
  connectionLost: row<{ origin: string; reason: string }>({
    audience: 'network',
    request: 'unknown',
    retry: true,
    say: ({ origin, reason }) => `The connection to ${origin} broke before the answer was complete (${reason}).`,
  }),
  connectionFailed: row<{ origin: string; reason: string }>({
    audience: 'network',
    request: 'not sent',
    retry: true,
    say: ({ origin, reason }) => `No connection to ${origin} (${reason}); check that MAILSTORE_URL names MailStore's HTTPS port.`,
  }),
  certificateUntrusted: row<{ origin: string; reason: string; fingerprint: string }>({
    audience: 'network',
    request: 'not sent',
    retry: false,
    say: ({ origin, reason, fingerprint }) =>
      `The certificate of ${origin} is not trusted (${reason}). If its SHA-256 fingerprint on the server reads ${fingerprint}, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
  }),
  certificateMismatch: row<{ origin: string; expected: string; seen: string }>({
    audience: 'network',
    request: 'not sent',
    retry: false,
    say: ({ origin, expected, seen }) =>
      `The certificate of ${origin} has the SHA-256 fingerprint ${seen}, not the pinned ${expected}; nothing was sent. If the certificate was renewed, compare on the server and change MAILSTORE_TLS_FINGERPRINT.`,
  }),

  unauthorized: row<{ user: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    exitCode: 2,
    say: ({ user }) =>
      `MailStore does not accept the login '${user}' (HTTP 401); check user name and password, that the user has the login privilege api, and that with multi-factor authentication the password is an app password. The default password of admin is refused from other machines.`,
  }),
  forbidden: row<{ user: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    exitCode: 2,
    say: ({ user }) => `MailStore refuses '${user}' (HTTP 403); the API needs an administrator.`,
  }),
  pathNotFound: row<{ path: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: ({ path }) => `The server knows no '${path}' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.`,
  }),
  tokenUnknown: row<{ command: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: ({ command }) =>
      `MailStore no longer knows the token of ${command}: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.`,
  }),
  lengthRequired: row({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: () => `The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.`,
  }),
  unavailable: row<{ origin: string }>({
    audience: 'server',
    request: 'answered',
    retry: true,
    exitCode: 4,
    say: ({ origin }) => `${origin} is not available right now (HTTP 503); try again later.`,
  }),
  gatewayFailed: row<{ status: number; origin: string }>({
    audience: 'server',
    request: 'unknown',
    retry: true,
    say: ({ status, origin }) => `A proxy in front of ${origin} got no answer from it (HTTP ${status}).`,
  }),
  headersTooLarge: row<{ origin: string; limit: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ origin, limit }) =>
      `The headers of the answer from ${origin} are larger than ${limit} bytes, so it was not read; a proxy in between may add them.`,
  }),
  redirected: row<{ status: number; origin: string; host: string }>({
    audience: 'network',
    request: 'answered',
    retry: false,
    say: ({ status, origin, host }) =>
      `${origin} redirects to ${host} (HTTP ${status}), which is not followed because the login would go there. Set MAILSTORE_URL to MailStore's own address.`,
  }),
  turnedAway: row<{ status: number; excerpt: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: ({ status, excerpt }) => `The server answered HTTP ${status}${excerpt ? `: ${excerpt.replace(/\.$/, '')}` : ' without a text'}.`,
  }),
  compressed: row<{ command: string; encoding: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, encoding }) =>
      `The answer to ${command} is compressed (${encoding}), which was not asked for, so it was not read; a proxy in between may do that. Switch it off for this address.`,
  }),
  unexpectedStatus: row<{ status: number; excerpt: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ status, excerpt }) => `The server answered HTTP ${status}${excerpt ? `: ${excerpt.replace(/\.$/, '')}` : ' without a text'}.`,
  }),
  commandFailed: row<{ command: string; message: string }>({
    audience: 'server',
    request: 'answered',
    retry: false,
    say: ({ command, message }) => `MailStore could not run ${command}: ${message}`,
  }),
  notMailStore: row<{ origin: string; excerpt: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ origin, excerpt }) =>
      `${origin} answered with a web page instead of MailStore's API ('${excerpt}'); a proxy or another service is in between. Check MAILSTORE_URL.`,
  }),
  truncated: row<{ command: string; bytes: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, bytes }) => `The answer to ${command} ended after ${bytes} bytes, before it was complete.`,
  }),
  notJson: row<{ command: string; excerpt: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, excerpt }) => `The answer to ${command} is not JSON: '${excerpt}'. Check that MAILSTORE_API fits this server.`,
  }),
  notXml: row<{ command: string; excerpt: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, excerpt }) => `The answer to ${command} is not XML: '${excerpt}'. Check that MAILSTORE_API fits this server.`,
  }),
  notUtf8: row<{ command: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command }) => `The answer to ${command} is not valid UTF-8, so it was not used.`,
  }),
  notAnEnvelope: row<{ command: string; excerpt: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, excerpt }) =>
      `The answer to ${command} does not have the form of MailStore's API: '${excerpt}'. Check MAILSTORE_API and MAILSTORE_URL.`,
  }),
  stillRunning: row<{ tool: string; seconds: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ tool, seconds }) => `${tool} was not answered within ${seconds} seconds; it goes on, and the audit will show its end.`,
  }),
  outOfTime: row<{ read: string; seconds: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ read, seconds }) =>
      `${read} was not answered completely within the ${seconds} seconds that a call may take. Narrow what it reads, or call again when MailStore has less to do.`,
  }),
  notBegun: row<{ tool: string; seconds: number }>({
    audience: 'server',
    request: 'not sent',
    retry: false,
    say: ({ tool, seconds }) =>
      `${tool} was not sent: what comes before it, such as reads of what it concerns, took longer than the ${seconds} seconds that a call may take. Call again when MailStore has less to do.`,
  }),
  tooDeep: row<{ command: string; limit: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, limit }) =>
      `The answer to ${command} nests lists and objects more than ${limit} deep, which no answer of MailStore does; it was not used. Check what is between this server and MailStore.`,
  }),
  notMasked: row<{ command: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command }) =>
      `Masking the secrets in the answer to ${command} failed, so the answer is not shown and was not used. Check with a read what the call did, and report this as a fault of mailstore-mcp.`,
  }),
  unknownStatus: row<{ command: string; word: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, word }) =>
      `MailStore says of ${command} that it is '${word}', which is no word of its API for a success or a failure.`,
  }),
  foreignStatus: row<{ command: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command }) => `The server answered the question for ${command} with the status of another command; it was not used.`,
  }),
  invalidStatus: row<{ command: string; field: string; value: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, field, value }) =>
      `The status of ${command} has the ${field} ${value}, which cannot be right, so the status was not used.`,
  }),
  tooLarge: row<{ command: string; limit: number }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ command, limit }) => `The answer to ${command} is larger than ${limit} bytes and was not read; narrow the request.`,
  }),
  foreignStatusUrl: row<{ url: string; origin: string }>({
    audience: 'server',
    request: 'unknown',
    retry: false,
    say: ({ url, origin }) =>
      `The status of a command is said to be at '${url}'; it was not asked there, because the login goes only to /JSON/Status/ and /XML/Status/ on ${origin}. The outcome is not known; check it by reading.`,
  }),
  noDialect: row<{ origin: string; modern: string; legacy: string }>({
    audience: 'server',
    request: 'not sent',
    retry: false,
    exitCode: 4,
    say: ({ origin, modern, legacy }) =>
      `Neither form of MailStore's API answers at ${origin} (get-metadata: ${modern}; /JSON/Invoke: ${legacy}). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
  }),

  outputNotWritten: row<{ reason: string }>({
    audience: 'us',
    request: 'not sent',
    retry: false,
    say: ({ reason }) => `The output could not be written (${reason}), so it is not complete; free space, or write it to another place.`,
  }),
  serverEnding: row<{ tool: string }>({
    audience: 'caller',
    request: 'not sent',
    retry: false,
    say: ({ tool }) => `${tool} was not sent, because this server is ending. Call again when it runs.`,
  }),
  internal: row({
    audience: 'us',
    request: 'unknown',
    retry: false,
    exitCode: 1,
    say: () => `This server failed on the call; its stderr has the details.`,
  }),
} as const;

export type ErrorCode = keyof typeof table;
type DetailsOf<Code extends ErrorCode> = Parameters<(typeof table)[Code]['say']>[0];

/** What is known about an error beyond its row. */
export interface ErrorContext extends ErrorOptions {
  /** What the request would have done. It decides what is said of an unknown one: a read can simply be repeated. */
  readonly effect?: 'read' | 'change' | undefined;
  /** Replaces the row's: what was read for a call that was itself not sent may be unknown. */
  readonly request?: RequestState | undefined;
  /** Files of generated secrets, kept because the change may have been carried out. */
  readonly keptFiles?: readonly string[] | undefined;
  /** The number of the recorded change that keeps what was read before the call. */
  readonly keptChange?: number | undefined;
}

/** An error of the table. Its message is one that may be shown to the caller: no secret, no stack trace. */
export class MailStoreError<Code extends ErrorCode = ErrorCode> extends Error {
  override name = 'MailStoreError';
  readonly code: Code;
  readonly audience: Audience;
  readonly request: RequestState;
  readonly retry: boolean;
  readonly exitCode: number;
  readonly details: DetailsOf<Code>;
  readonly #context: ErrorContext;

  constructor(code: Code, details: DetailsOf<Code>, context: ErrorContext = {}) {
    const columns: ErrorRow<DetailsOf<Code>> = table[code] as ErrorRow<DetailsOf<Code>>;
    const request = context.request ?? columns.request;
    super(
      columns.say(details) + (request === 'unknown' ? sayUnknown(columns.audience, context) : ''),
      'cause' in context ? { cause: context.cause } : undefined,
    );
    this.code = code;
    this.audience = columns.audience;
    this.request = request;
    this.retry = columns.retry;
    this.exitCode = columns.exitCode ?? defaultExitCode(columns.audience, request);
    this.details = details;
    this.#context = context;
  }

  /** True if the caller cannot know whether something was changed. */
  get mayHaveChanged(): boolean {
    return this.request === 'unknown' && this.#context.effect !== 'read';
  }

  /** The number of the recorded change that keeps what was read before the call; undefined where there is none. */
  get keptChange(): number | undefined {
    return this.#context.keptChange;
  }

  /** Returns the same error with more known about it. */
  in(context: Omit<ErrorContext, 'cause'>): MailStoreError<Code> {
    return new MailStoreError(this.code, this.details, { cause: this.cause, ...this.#context, ...context });
  }
}

function sayUnknown(audience: Audience, { effect, keptFiles = [], keptChange }: ErrorContext): string {
  if (effect === 'read') return audience === 'network' ? ' Nothing was changed; call again.' : '';
  if (effect === undefined) return '';
  const kept = keptFiles.length > 0 ? ` The generated secret is kept in ${joinWords(keptFiles.map((path) => `'${path}'`))}.` : '';
  const change = keptChange === undefined ? '' : ` What was read before it is kept as the change ${keptChange}.`;
  return ` Whether the call was carried out is not known; read the state before you repeat it.${change}${kept}`;
}

function defaultExitCode(audience: Audience, request: RequestState): number {
  if (request !== 'not sent') return 1;
  if (audience === 'network') return 4;
  return audience === 'caller' || audience === 'configuration' || audience === 'record' ? 2 : 1;
}

/** Every row as docs/errors.md shows it. */
export function describeErrors(): readonly (Omit<ErrorRow<never>, 'say'> & { readonly code: ErrorCode; readonly exitCode: number })[] {
  return (Object.entries(table) as [ErrorCode, ErrorRow<never>][]).map(([code, { audience, request, retry, exitCode }]) => ({
    code,
    audience,
    request,
    retry,
    exitCode: exitCode ?? defaultExitCode(audience, request),
  }));
}

/** True for an error of the table with one of these codes. */
export function isError<Code extends ErrorCode>(error: unknown, ...codes: readonly Code[]): error is MailStoreError<Code> {
  return error instanceof MailStoreError && (codes as readonly string[]).includes(error.code);
}

/** The first characters of a foreign text on one line: enough to recognise it, too little to carry a stack trace. */
export function excerpt(text: string, length = 120): string {
  // A long text is not read to its end for its beginning.
  const flat = text
    .slice(0, 16 * length + 256)
    .replaceAll(/\s+/g, ' ')
    .trim();
  // A cut between the halves of a surrogate pair would leave text that cannot be encoded.
  return flat.length > length || text.length > 16 * length + 256 ? `${flat.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…` : flat;
}

function nameEffect(effect: string): string {
  return effect === 'destructive' ? effect : `a ${effect}`;
}
