/** Who can do something about an error. */
export type Audience = 'caller' | 'configuration' | 'server' | 'network' | 'us';

interface ErrorLine<Details> {
  readonly audience: Audience;
  /** One sentence on what failed and with which value, and what to do next. */
  readonly say: (details: Details) => string;
}

const line = <Details = Record<never, never>>(audience: Audience, say: (details: Details) => string): ErrorLine<Details> => ({
  audience,
  say,
});

/** Every error that a caller can meet, in one table. */
const table = {
  unknownTool: line<{ tool: string; nearest?: string | undefined }>(
    'caller',
    ({ tool, nearest }) =>
      `There is no tool '${tool}'${nearest ? `; did you mean ${nearest}?` : '; list the tools to see what this server offers.'}`,
  ),
  unknownCommand: line<{ command: string; nearest?: string | undefined }>(
    'caller',
    ({ command, nearest }) => `There is no MailStore command '${command}'${nearest ? `; did you mean ${nearest}?` : '.'}`,
  ),
  unknownArguments: line<{ tool: string; unknown: readonly string[]; expected: readonly string[]; nearest?: string | undefined }>(
    'caller',
    ({ tool, unknown, expected, nearest }) =>
      `${tool} does not take ${list(unknown)}${nearest ? ` (did you mean ${nearest}?)` : ''}; ${expected.length > 0 ? `it takes ${list(expected)}` : 'it takes no arguments'}. Remove or rename and call again.`,
  ),
  invalidArguments: line<{ tool: string; problems: readonly string[] }>(
    'caller',
    ({ tool, problems }) => `${tool} was not called: ${problems.join('; ')}. Correct this and call again.`,
  ),
  unsendable: line<{ argument: string }>(
    'caller',
    ({ argument }) =>
      `The argument ${argument} contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.`,
  ),
  notAllowed: line<{ tool: string; effect: string; access: string; needed: string; limitedTarget?: string | undefined }>(
    'caller',
    ({ tool, effect, access, needed, limitedTarget }) =>
      limitedTarget !== undefined
        ? `${tool} is refused: with these arguments it is ${effect}, and the target ${limitedTarget} has its own access ${access}. An administrator who means it sets that to ${needed} in the file of MAILSTORE_CONFIG, with MAILSTORE_ACCESS no lower, and restarts the server.`
        : `${tool} is refused: with these arguments it is ${effect}, and this server runs with MAILSTORE_ACCESS=${access}. An administrator who means it sets MAILSTORE_ACCESS=${needed} in the server's configuration and restarts it.`,
  ),
  toolsetOff: line<{ tool: string; toolset: string }>(
    'caller',
    ({ tool, toolset }) =>
      `${tool} is refused: it belongs to the toolset ${toolset}, which is not among MAILSTORE_TOOLSETS. An administrator can add it there and restart the server.`,
  ),
  notConfirmed: line<{ tool: string }>('caller', ({ tool }) => `${tool} was not run: it needs a person's yes, and there is none.`),
  declined: line<{ tool: string }>('caller', ({ tool }) => `${tool} was not run: it needs a person's yes, and the question was declined.`),
  keepsChanging: line<{ tool: string }>(
    'caller',
    ({ tool }) =>
      `${tool} was not run: what its question shows has changed each time before it could run. Look at the object, then call again.`,
  ),
  tooManyApprovals: line<{ pending: number; target: string; here: number }>(
    'caller',
    ({ pending, target, here }) =>
      `Nothing was run: it needs a person's yes, and too many approvals are pending already (${here} for the target ${target}, ${pending} in all). Wait until a person has decided on them, or ten minutes until they expire.`,
  ),
  needsApproval: line<{ tool: string; because: string; command: string }>(
    'caller',
    ({ tool, because, command }) =>
      `${tool} was not run: it needs a person's yes, and ${because}. Give this command to a person who may decide, do not run it yourself, and call again with the same arguments once they have run it in a terminal within ten minutes: \`${command}\`.`,
  ),
  foreignAnswer: line<{ tool: string }>(
    'caller',
    ({ tool }) =>
      `${tool} was not run: the answer does not belong to this call, is older than ten minutes, was used before, or what it was given to has changed. Call again to be asked again.`,
  ),
  unknownApproval: line<{ approvalId: string }>(
    'configuration',
    ({ approvalId }) =>
      `No approval with the id '${approvalId}' is pending here; approve without an id lists the pending ones, and --state-dir names the server's folder if it has another.`,
  ),
  approvalOver: line<{ approvalId: string; state: string }>(
    'configuration',
    ({ approvalId, state }) => `The request ${approvalId} is ${state} and cannot be decided any more; have the call repeated.`,
  ),
  setupFailed: line<{ says: string; cure: string }>('configuration', ({ says, cure }) => `${says} ${cure}`.trim()),
  noTerminal: line<{ what: string }>(
    'configuration',
    ({ what }) => `${what} takes a yes only from a person at a terminal, and this is not one; run it in a terminal yourself.`,
  ),
  unknownTarget: line<{ target: string; known: readonly string[] }>(
    'caller',
    ({ target, known }) => `There is no target '${target}' here; this server has ${list(known)}.`,
  ),
  unknownChange: line<{ number: number }>('caller', ({ number }) => `There is no change ${number}; list_changes shows the recorded ones.`),
  alreadyReverted: line<{ number: number; by: number }>(
    'caller',
    ({ number, by }) => `The change ${number} was put back before, by the change ${by}; revert that one to have it again.`,
  ),
  noWayBack: line<{ number: number; reason?: string | undefined }>(
    'caller',
    ({ number, reason }) => `The change ${number} cannot be put back: ${reason ?? 'what was before it does not allow it.'}`,
  ),
  otherArchive: line<{ number: number; origin: string }>(
    'caller',
    ({ number, origin }) =>
      `The change ${number} was made at ${origin}, which is not configured here, and it can be put back nowhere else. Configure that archive and try again.`,
  ),
  changedSince: line<{ number: number; left: string; now: string }>(
    'caller',
    ({ number, left, now }) =>
      `The change ${number} was not put back, because its object was changed since: it left ${excerpt(left, 500)}, and now it is ${excerpt(now, 500)}. Set it by its own tool if that is meant.`,
  ),
  maskedSecret: line<{ tool: string; field: string }>(
    'caller',
    ({ tool, field }) =>
      `${tool} was not called: ${field} is '***', which is what reads show in the place of a secret. State the secret itself or where it is, such as {"fromEnv": "MAILSTORE_SECRET_…"}, or leave the field out.`,
  ),
  secretNotSet: line<{ tool: string; field: string; variable: string; nearest?: string | undefined }>(
    'caller',
    ({ tool, field, variable, nearest }) =>
      `${tool} was not called: ${field} is to come from the variable ${variable}, which is not set${nearest ? ` (did you mean ${nearest}?)` : ''}. Set it in the server's configuration and restart it.`,
  ),
  noSecretsFolder: line<{ tool: string; field: string }>(
    'caller',
    ({ tool, field }) =>
      `${tool} was not called: ${field} is to come from a file, and MAILSTORE_SECRETS_DIR names no folder for such files. Set it in the server's configuration and restart it.`,
  ),
  secretOutside: line<{ tool: string; field: string; file: string }>(
    'caller',
    ({ tool, field, file }) =>
      `${tool} was not called: the file '${file}' for ${field} is not inside MAILSTORE_SECRETS_DIR; name one that is.`,
  ),
  secretUnreadable: line<{ tool: string; field: string; file: string; reason: string }>(
    'caller',
    ({ tool, field, file, reason }) => `${tool} was not called: the file '${file}' for ${field} cannot be used (${reason}).`,
  ),
  callNotAllowed: line<{ command: string; effect: string; access: string; needed: string }>(
    'caller',
    ({ command, effect, access, needed }) =>
      `${command} is refused: with these arguments it is ${effect}, and the access is ${access}. Whoever means it adds --access ${needed}; a target's own setting may still be lower.`,
  ),
  interrupted: line<{ command: string }>(
    'caller',
    ({ command }) =>
      `${command} was interrupted before its answer came; whether it was carried out is not known. Read the state before you repeat it.`,
  ),
  unknownTask: line<{ taskId: string }>(
    'caller',
    ({ taskId }) => `There is no task '${taskId}'; list_tasks shows the tasks this server knows.`,
  ),
  cannotCancel: line<{ command: string }>(
    'caller',
    ({ command }) =>
      `${command} cannot be cancelled: the 2012 form of the API has no way to ask for it. The command runs on and its end will be kept.`,
  ),
  notFoundForKeep: line<{ tool: string; read: string; names: readonly string[] }>(
    'caller',
    ({ tool, read, names }) =>
      `${tool} was not called: ${list(names)} would be cleared when left out, and ${read} does not show the object to keep them from. Check the id, or state every value (null clears).`,
  ),
  notShownForKeep: line<{ tool: string; read: string; names: readonly string[] }>(
    'caller',
    ({ tool, read, names }) =>
      `${tool} was not called: ${list(names)} would be cleared when left out, and ${read} does not show what is set now. State every one of these and call again (null clears).`,
  ),
  otherSpelling: line<{ tool: string; read: string; names: readonly string[]; known: readonly string[] }>(
    'caller',
    ({ tool, read, names, known }) =>
      `${tool} was not called: ${list(names)} is not how ${read} spells it, and the server could take either. Its fields are ${list(known)}.`,
  ),
  readRunsLong: line<{ command: string }>(
    'server',
    ({ command }) => `${command} was to be read in the course of another call and runs long on this server; its value was not waited for.`,
  ),
  secretNotKept: line<{ path: string; reason: string }>(
    'configuration',
    ({ path, reason }) =>
      `Nothing was sent: the generated secret could not be written to '${path}' (${reason}), and without the file nobody would know it. Give this server the right to write there, or set MAILSTORE_SECRETS_DIR to another folder.`,
  ),
  commandMissing: line<{ command: string }>(
    'server',
    ({ command }) =>
      `This MailStore does not have the command ${command}: its own list (get-metadata) leaves it out. A newer version may have it.`,
  ),

  unknownSubcommand: line<{ name: string; nearest?: string | undefined }>(
    'configuration',
    ({ name, nearest }) => `There is no subcommand '${name}'${nearest ? `; did you mean ${nearest}?` : '; see mailstore-mcp --help.'}`,
  ),
  unknownOption: line<{ option: string; nearest?: string | undefined; help: string }>(
    'configuration',
    ({ option, nearest, help }) => `Unknown option ${option}${nearest ? `; did you mean ${nearest}?` : `; see ${help}.`}`,
  ),
  missingValue: line<{ option: string; placeholder: string }>(
    'configuration',
    ({ option, placeholder }) => `${option} needs a value; write ${option} ${placeholder}.`,
  ),
  missingArgument: line<{ command: string; placeholder: string; summary: string }>(
    'configuration',
    ({ command, placeholder, summary }) => `${command} needs ${placeholder}, ${summary}; see ${command} --help.`,
  ),
  unexpectedWord: line<{ word: string; nearest?: string | undefined; help: string }>(
    'configuration',
    ({ word, nearest, help }) => `Unexpected word '${word}'${nearest ? `; did you mean ${nearest}?` : `; see ${help}.`}`,
  ),
  unknownSetting: line<{ setting: string; nearest?: string | undefined }>(
    'configuration',
    ({ setting, nearest }) =>
      `Unknown setting ${setting}${nearest ? `; did you mean ${nearest}?` : '; remove it, or see docs/configuration.md.'}`,
  ),
  invalidSetting: line<{ setting: string; value: string; expected: string }>(
    'configuration',
    ({ setting, value, expected }) => `${setting} is '${value}', but must be ${expected}.`,
  ),
  unexpandedPlaceholder: line<{ setting: string; placeholder: string }>(
    'configuration',
    ({ setting, placeholder }) =>
      `${setting} holds the placeholder '${placeholder}', which the client did not replace by a value; write the value in its place, or define what the placeholder names in the client.`,
  ),
  settingToRewrite: line<{ setting: string; value: string; problem: string; rewritten: string }>(
    'configuration',
    ({ setting, value, problem, rewritten }) => `${setting} is '${value}', which ${problem}; write '${rewritten}'.`,
  ),
  sha1Fingerprint: line<{ setting: string; thumbprint: string }>(
    'configuration',
    ({ setting, thumbprint }) =>
      `${setting} holds a SHA-1 thumbprint (40 digits), but must be the SHA-256 fingerprint (64 digits); in PowerShell on the MailStore machine this shows it: \`Get-ChildItem -Recurse Cert:\\LocalMachine | Where-Object Thumbprint -eq ${thumbprint} | ForEach-Object { [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($_.RawData)) }\`.`,
  ),
  passwordFile: line<{ setting: string; path: string; problem: string; cure: string }>(
    'configuration',
    ({ setting, path, problem, cure }) => `The file '${path}' named by ${setting} ${problem}; ${cure}.`,
  ),
  notJsonFile: line<{ setting: string; path: string; line: number; column: number; problem: string }>(
    'configuration',
    ({ setting, path, line, column, problem }) =>
      `The file '${path}' named by ${setting} is not JSON: line ${line}, column ${column}: ${problem}.`,
  ),
  notPrivate: line<{ what: string; path: string; problem: string; cure: string }>(
    'configuration',
    ({ what, path, problem, cure }) => `'${path}' (${what}) ${problem}, so nothing runs; cure it with \`${cure}\`.`,
  ),
  missingSetting: line<{ setting: string; hint: string }>('configuration', ({ setting, hint }) => `${setting} is not set; ${hint}`),
  unreadableFile: line<{ setting: string; path: string; reason: string }>(
    'configuration',
    ({ setting, path, reason }) => `The file '${path}' named by ${setting} cannot be read (${reason}).`,
  ),
  plainHttp: line<{ url: string }>(
    'configuration',
    ({ url }) => `'${url}' is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way.`,
  ),

  noSqlite: line<{ reasons: readonly string[] }>(
    'configuration',
    ({ reasons }) =>
      `Tasks cannot be kept, because no SQLite loads (${reasons.join('; ')}). Run with Node 22.13 or later, or install the package libsql beside mailstore-mcp.`,
  ),
  journalFull: line<{ path: string }>(
    'configuration',
    ({ path }) => `The disk is full: '${path}' could not be written. Free space, or set MAILSTORE_STATE_DIR to a folder on another disk.`,
  ),
  journalNotWritable: line<{ path: string; reason: string }>(
    'configuration',
    ({ path, reason }) =>
      `'${path}' cannot be written (${reason}); give the account of this server the right to write this file and its folder, or set MAILSTORE_STATE_DIR to another folder.`,
  ),
  journalBroken: line<{ path: string; reason: string }>(
    'configuration',
    ({ path, reason }) =>
      `'${path}' is damaged or is no journal of this server (${reason}); it was left alone. Move it away to begin a new one, and keep it if its tasks matter.`,
  ),
  journalNewer: line<{ path: string; found: number; known: number }>(
    'configuration',
    ({ path, found, known }) =>
      `'${path}' was written by a newer mailstore-mcp (format ${found}; this one knows ${known}) and was left alone. Update this one, or set MAILSTORE_STATE_DIR to another folder.`,
  ),
  auditNotWritable: line<{ path: string; reason: string }>(
    'configuration',
    ({ path, reason }) =>
      `The audit '${path}' cannot be written (${reason}), so the call is not on record, and no change is made until it can be; free space, or give the account of this server the right to write this file and its folder.`,
  ),
  journalBusy: line<{ path: string; ms: number }>(
    'us',
    ({ path, ms }) =>
      `Another process has kept '${path}' locked for ${ms} ms. Call again; if this stays, close what has the file open, such as a backup or a database viewer.`,
  ),
  journalUnusable: line<{ path: string; reason: string }>(
    'configuration',
    ({ path, reason }) =>
      `'${path}' cannot be used (${reason}); check the disk and the folder, or set MAILSTORE_STATE_DIR to another folder.`,
  ),

  hostNotFound: line<{ host: string }>('network', ({ host }) => `The host '${host}' cannot be found; check the name in MAILSTORE_URL.`),
  connectionRefused: line<{ origin: string }>(
    'network',
    ({ origin }) =>
      `${origin} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
  ),
  connectTimeout: line<{ origin: string; ms: number }>(
    'network',
    ({ origin, ms }) => `${origin} did not accept a connection within ${ms} ms; check host, port and firewall.`,
  ),
  replyTimeout: line<{ origin: string; ms: number }>(
    'network',
    ({ origin, ms }) =>
      `${origin} accepted the request and did not answer within ${ms} ms; whether it was carried out is not known. Read the state before you repeat it.`,
  ),
  connectionLost: line<{ origin: string; reason: string }>(
    'network',
    ({ origin, reason }) =>
      `The connection to ${origin} broke before the answer was complete (${reason}); whether the request was carried out is not known. Read the state before you repeat it.`,
  ),
  connectionFailed: line<{ origin: string; reason: string }>(
    'network',
    ({ origin, reason }) => `No connection to ${origin} (${reason}); check that MAILSTORE_URL names MailStore's HTTPS port.`,
  ),
  certificateUntrusted: line<{ origin: string; reason: string; fingerprint: string }>(
    'network',
    ({ origin, reason, fingerprint }) =>
      `The certificate of ${origin} is not trusted (${reason}). If its SHA-256 fingerprint on the server reads ${fingerprint}, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
  ),
  certificateMismatch: line<{ origin: string; expected: string; seen: string }>(
    'network',
    ({ origin, expected, seen }) =>
      `The certificate of ${origin} has the SHA-256 fingerprint ${seen}, not the pinned ${expected}; nothing was sent. If the certificate was renewed, compare on the server and change MAILSTORE_TLS_FINGERPRINT.`,
  ),

  unauthorized: line<{ user: string }>(
    'server',
    ({ user }) =>
      `MailStore does not accept the login '${user}' (HTTP 401); check user name and password, the api login privilege, and, for admin, that its default password was changed.`,
  ),
  forbidden: line<{ user: string }>('server', ({ user }) => `MailStore refuses '${user}' (HTTP 403); the API needs an administrator.`),
  pathNotFound: line<{ path: string }>(
    'server',
    ({ path }) => `The server knows no '${path}' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.`,
  ),
  tokenUnknown: line<{ command: string }>(
    'server',
    ({ command }) =>
      `MailStore no longer knows the token of ${command}: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.`,
  ),
  lengthRequired: line(
    'server',
    () => `The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.`,
  ),
  unavailable: line<{ status: number; origin: string }>('server', ({ status, origin }) =>
    status === 503
      ? `${origin} is not available right now (HTTP 503); try again later.`
      : `A proxy in front of ${origin} got no answer from it (HTTP ${status}); whether the request was carried out is not known. Read the state before you repeat it.`,
  ),
  unexpectedStatus: line<{ status: number; excerpt: string }>(
    'server',
    ({ status, excerpt }) => `The server answered HTTP ${status}${excerpt ? `: ${excerpt.replace(/\.$/, '')}` : ' without a text'}.`,
  ),
  commandFailed: line<{ command: string; message: string }>(
    'server',
    ({ command, message }) => `MailStore could not run ${command}: ${message}`,
  ),
  notMailStore: line<{ origin: string; excerpt: string }>(
    'server',
    ({ origin, excerpt }) =>
      `${origin} answered with a web page instead of MailStore's API ('${excerpt}'); a proxy or another service is in between. Check MAILSTORE_URL.`,
  ),
  truncated: line<{ command: string; bytes: number }>(
    'server',
    ({ command, bytes }) =>
      `The answer to ${command} ended after ${bytes} bytes, before it was complete; whether the command was carried out is not known. Read the state before you repeat it.`,
  ),
  notJson: line<{ command: string; excerpt: string }>(
    'server',
    ({ command, excerpt }) => `The answer to ${command} is not JSON: '${excerpt}'. Check that MAILSTORE_API fits this server.`,
  ),
  notXml: line<{ command: string; excerpt: string }>(
    'server',
    ({ command, excerpt }) => `The answer to ${command} is not XML: '${excerpt}'. Check that MAILSTORE_API fits this server.`,
  ),
  notUtf8: line<{ command: string }>('server', ({ command }) => `The answer to ${command} is not valid UTF-8, so it was not used.`),
  notAnEnvelope: line<{ command: string; excerpt: string }>(
    'server',
    ({ command, excerpt }) =>
      `The answer to ${command} does not have the form of MailStore's API: '${excerpt}'. Check MAILSTORE_API and MAILSTORE_URL.`,
  ),
  stillRunning: line<{ tool: string; isRead: boolean; seconds: number }>('server', ({ tool, isRead, seconds }) =>
    isRead
      ? `${tool} was not answered within ${seconds} seconds. Narrow what it reads, or call again when MailStore has less to do.`
      : `${tool} was not answered within ${seconds} seconds, and whether it was carried out is not known yet; it goes on, and mailstore-mcp audit will show its end. Read the state before you repeat it.`,
  ),
  tooDeep: line<{ command: string; limit: number }>(
    'server',
    ({ command, limit }) =>
      `The answer to ${command} nests lists and objects more than ${limit} deep, which no answer of MailStore does; it was not used. Check what is between this server and MailStore.`,
  ),
  unknownStatus: line<{ command: string; word: string }>(
    'server',
    ({ command, word }) =>
      `MailStore says of ${command} that it is '${word}', which is no word of its API for a success or a failure. Read the state before you repeat it.`,
  ),
  foreignStatus: line<{ command: string }>(
    'server',
    ({ command }) => `The server answered the question for ${command} with the status of another command; it was not used.`,
  ),
  invalidStatus: line<{ command: string; field: string; value: string }>(
    'server',
    ({ command, field, value }) =>
      `The status of ${command} has the ${field} ${value}, which cannot be right, so the status was not used. Read the state before you repeat it.`,
  ),
  tooLarge: line<{ command: string; limit: number }>(
    'server',
    ({ command, limit }) => `The answer to ${command} is larger than ${limit} bytes and was not read; narrow the request.`,
  ),
  foreignStatusUrl: line<{ url: string; origin: string }>(
    'server',
    ({ url, origin }) =>
      `The status of a command is said to be at '${url}'; it was not asked there, because the login goes only to /JSON/Status/ and /XML/Status/ on ${origin}. The outcome is not known; check it by reading.`,
  ),
  noDialect: line<{ origin: string; modern: string; legacy: string }>(
    'server',
    ({ origin, modern, legacy }) =>
      `Neither form of MailStore's API answers at ${origin} (get-metadata: ${modern}; /JSON/Invoke: ${legacy}). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
  ),

  outputNotWritten: line<{ reason: string }>(
    'us',
    ({ reason }) => `The output could not be written (${reason}), so it is not complete; free space, or write it to another place.`,
  ),
  serverEnding: line<{ tool: string }>(
    'caller',
    ({ tool }) => `${tool} was not sent, because this server is ending. Call again when it runs.`,
  ),
  internal: line('us', () => `This server failed on the call; its stderr has the details.`),
} as const;

export type ErrorCode = keyof typeof table;
type DetailsOf<Code extends ErrorCode> = Parameters<(typeof table)[Code]['say']>[0];

/** An error of the table. Its message is one that may be shown to the caller: no secret, no stack trace. */
export class MailStoreError<Code extends ErrorCode = ErrorCode> extends Error {
  override name = 'MailStoreError';
  readonly code: Code;
  readonly audience: Audience;
  readonly details: DetailsOf<Code>;

  constructor(code: Code, details: DetailsOf<Code>, options?: ErrorOptions) {
    const entry: ErrorLine<DetailsOf<Code>> = table[code] as ErrorLine<DetailsOf<Code>>;
    super(entry.say(details), options);
    this.code = code;
    this.audience = entry.audience;
    this.details = details;
  }
}

/** True for an error of the table with one of these codes. */
export function isError<Code extends ErrorCode>(error: unknown, ...codes: readonly Code[]): error is MailStoreError<Code> {
  return error instanceof MailStoreError && (codes as readonly string[]).includes(error.code);
}

/** The first characters of a foreign text on one line: enough to recognise it, too little to carry a stack trace. */
export function excerpt(text: string, length = 120): string {
  const flat = text.replaceAll(/\s+/g, ' ').trim();
  // A cut between the halves of a surrogate pair would leave text that cannot be encoded.
  return flat.length > length ? `${flat.slice(0, length).replace(/[\uD800-\uDBFF]$/, '')}…` : flat;
}

function list(words: readonly string[]): string {
  return words.length === 1 ? String(words[0]) : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
