import type { ErrorCode, MailStoreError } from '../../src/base/errors.ts';

const origin = 'https://mail.example.com:8463';

/** For every error of the table at least one case, and what a caller reads then. docs/errors.md shows the first of each. */
export const errorCases: {
  readonly [Code in ErrorCode]: readonly (readonly [details: MailStoreError<Code>['details'], message: string])[];
} = {
  unknownTool: [
    [{ tool: 'get_user', nearest: 'get_users' }, "There is no tool 'get_user'; did you mean get_users?"],
    [{ tool: 'x' }, "There is no tool 'x'; list the tools to see what this server offers."],
  ],
  planImpossible: [
    [
      { tool: 'onboard_user', reason: 'There is a user amira already.' },
      'onboard_user has no plan: There is a user amira already. Nothing was changed.',
    ],
  ],
  planStale: [
    [
      { tool: 'onboard_user' },
      'The plan is stale: what onboard_user read for it has changed, its ten minutes are over, or the arguments are others, so nothing was changed. Call onboard_user without planId and look at the steps again.',
    ],
  ],
  planUsed: [
    [
      { tool: 'onboard_user' },
      'This planId has run already, so nothing was changed now. Call onboard_user without planId to see what is left.',
    ],
  ],
  stepChanged: [
    [
      { tool: 'set_user_privileges', shown: 'write', now: 'write; risk: locks-out' },
      'set_user_privileges was not called: as a step it was shown as write, and now it counts as write; risk: locks-out. Plan again, and look at the steps.',
    ],
  ],
  stepOutdated: [
    [
      { tool: 'set_user_privileges', was: '{"privileges":["login"]}', now: '{"privileges":["admin"]}' },
      'set_user_privileges was not called: what the plan changes is no longer as it was shown: it was {"privileges":["login"]}, and now it is {"privileges":["admin"]}. Plan again, and look at the steps.',
    ],
  ],
  stepUnderWay: [
    [
      { tool: 'move_folder', taskId: 'T1', note: 'What was read before it is kept as the change 4.' },
      'move_folder still runs as the task T1, so the steps after it were not begun; get_task_status shows its end. What was read before it is kept as the change 4.',
    ],
    [
      { tool: 'move_folder', taskId: 'T1', note: undefined },
      'move_folder still runs as the task T1, so the steps after it were not begun; get_task_status shows its end.',
    ],
  ],
  stepNotSucceeded: [
    [
      { tool: 'move_folder', taskId: 'T1', end: 'failed (The folder is in use.)', note: undefined },
      'move_folder became the task T1, which ended as failed (The folder is in use.). Read what it was to change before you go on.',
    ],
  ],
  unknownPrompt: [
    [{ prompt: 'morning', nearest: 'morning_check' }, "There is no prompt 'morning'; did you mean morning_check?"],
    [{ prompt: 'x' }, "There is no prompt 'x'; list the prompts to see what this server offers."],
  ],
  invalidPrompt: [
    [
      { prompt: 'onboard', problems: ['userName is missing'] },
      "The prompt 'onboard' was not filled in: userName is missing. Correct this and ask again.",
    ],
  ],
  notAtOnce: [[{ tool: 'get_users' }, 'MailStore did not answer get_users at once but began a task; follow it with get_task_status.']],
  unknownCommand: [
    [{ command: 'GetUser', nearest: 'GetUsers' }, "There is no MailStore command 'GetUser'; did you mean GetUsers?"],
    [{ command: 'X' }, "There is no MailStore command 'X'."],
  ],
  unknownArguments: [
    [
      { tool: 'get_user_info', unknown: ['user', 'id'], expected: ['userName'] },
      'get_user_info does not take user and id; it takes userName. Remove or rename and call again.',
    ],
    [
      { tool: 'get_users', unknown: ['id'], expected: [] },
      'get_users does not take id; it takes no arguments. Remove or rename and call again.',
    ],
    [
      { tool: 'GetUserInfo', unknown: ['usrName'], expected: ['userName'], nearest: 'userName' },
      'GetUserInfo does not take usrName (did you mean userName?); it takes userName. Remove or rename and call again.',
    ],
  ],
  invalidArguments: [
    [
      { tool: 'get_user_info', problems: ['userName is missing', 'limit: must be a number'] },
      'get_user_info was not called: userName is missing; limit: must be a number. Correct this and call again.',
    ],
  ],
  unknownFields: [
    [
      { tool: 'get_stores', unknown: ['state'], known: ['id', 'name', 'requestedState'] },
      'The rows of get_stores have no field state; they have id, name and requestedState. Correct where, sort or fields and call again.',
    ],
    [
      { tool: 'get_jobs', unknown: ['enable'], known: ['id', 'enabled'], nearest: 'enabled' },
      'The rows of get_jobs have no field enable (did you mean enabled?); they have id and enabled. Correct where, sort or fields and call again.',
    ],
    [
      { tool: 'get_time_zones', unknown: ['zone'], known: [] },
      'The rows of get_time_zones have no field zone; they have no fields. Correct where, sort or fields and call again.',
    ],
  ],
  unsendable: [
    [
      { argument: 'fullName' },
      'The argument fullName contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.',
    ],
  ],
  notAllowed: [
    [
      { tool: 'delete_user', effect: 'destructive', access: 'read-only', needed: 'full' },
      "delete_user is refused: with these arguments it is destructive, and this server runs with MAILSTORE_ACCESS=read-only. To allow it, an administrator sets MAILSTORE_ACCESS=full in the server's configuration and restarts it.",
    ],
    [
      { tool: 'delete_user', effect: 'destructive', access: 'read-only', needed: 'full', limitedTarget: 'branch' },
      'delete_user is refused: with these arguments it is destructive, and the target branch has its own access read-only. To allow it, an administrator sets that to full in the file of MAILSTORE_CONFIG, with MAILSTORE_ACCESS no lower, and restarts the server.',
    ],
  ],
  toolsetOff: [
    [
      { tool: 'get_messages', toolset: 'messages' },
      'get_messages is refused: it belongs to the toolset messages, which is not among MAILSTORE_TOOLSETS. An administrator can add it there and restart the server.',
    ],
  ],
  notConfirmed: [[{ tool: 'delete_user' }, "delete_user was not run: it needs a person's yes, and there is none."]],
  declined: [[{ tool: 'delete_user' }, "delete_user was not run: it needs a person's yes, and the question was declined."]],
  keepsChanging: [
    [
      { tool: 'delete_user' },
      'delete_user was not run: what its question shows has changed each time before it could run. Look at the object, then call again.',
    ],
  ],
  tooManyApprovals: [
    [
      { pending: 41, target: 'default', here: 20 },
      "Nothing was run: it needs a person's yes, and too many approvals are pending already (20 for the target default, 41 in all). Wait until a person has decided on them, or ten minutes until they expire.",
    ],
  ],
  taskElsewhere: [
    [
      { taskId: '9f1d0a3c', origin: 'https://a.example.com:8463' },
      "The task '9f1d0a3c' belongs to https://a.example.com:8463, which is not configured here. Configure that archive and try again; what is recorded of it is kept.",
    ],
  ],
  otherArchive: [
    [
      { number: 4, origin: 'https://a.example.com:8463' },
      'The change 4 was made at https://a.example.com:8463, which is not configured here, and it can be put back nowhere else. Configure that archive and try again.',
    ],
  ],
  needsApproval: [
    [
      { tool: 'delete_user', because: 'this client cannot ask a person', command: 'mailstore-mcp approve 2a3c4d5e' },
      "delete_user was not run: it needs a person's yes, and this client cannot ask a person. Give this command to a person who may decide, do not run it yourself, and call again with the same arguments once they have run it in a terminal within ten minutes: `mailstore-mcp approve 2a3c4d5e`.",
    ],
  ],
  foreignAnswer: [
    [
      { tool: 'delete_user' },
      'delete_user was not run: the answer does not belong to this call, is older than ten minutes, was used before, or what it was given to has changed. Call again to be asked again.',
    ],
  ],
  unknownApproval: [
    [
      { approvalId: '2a3c4d5e' },
      "No approval with the id '2a3c4d5e' is pending here; approve without an id lists the pending ones, and --state-dir names the server's folder if it has another.",
    ],
  ],
  approvalOver: [
    [
      { approvalId: '2a3c4d5e', state: 'expired' },
      'The request 2a3c4d5e is expired and cannot be decided any more; have the call repeated.',
    ],
  ],
  invalidFault: [[{ setting: '--fault', says: "'html' takes no milliseconds." }, "--fault cannot be used: 'html' takes no milliseconds."]],
  quotedValue: [[{ setting: 'MAILSTORE_PASSWORD' }, 'MAILSTORE_PASSWORD holds its value in quotes; remove the quotes.']],
  notAPath: [
    [
      { setting: 'MAILSTORE_PASSWORD_FILE' },
      'MAILSTORE_PASSWORD_FILE is not the whole path of a file; write the path from the root or the drive on, or put the password itself into MAILSTORE_PASSWORD. Its value is not shown, since it may be the password.',
    ],
  ],
  setupFailed: [[{ says: 'The port is closed.', cure: 'Open it.' }, 'The port is closed. Open it.']],
  cannotServe: [
    [
      { reason: 'MAILSTORE_URL is not set.', command: 'mailstore-mcp doctor' },
      'MAILSTORE_URL is not set. To check every setting, run `mailstore-mcp doctor` in a terminal.',
    ],
  ],
  noTerminal: [
    [
      { what: 'mailstore-mcp approve' },
      'mailstore-mcp approve takes a yes only from a person at a terminal, and this is not one; run it in a terminal yourself.',
    ],
  ],
  unknownTarget: [
    [{ target: 'rome', known: ['london', 'paris'] }, "There is no target 'rome' here; this server has london and paris."],
    [{ target: 'rome', known: ['default'] }, "There is no target 'rome' here; this server has default."],
  ],
  unknownChange: [[{ number: 7 }, 'There is no change 7; list the changes to see those that are recorded.']],
  changeUnderWay: [
    [
      { number: 7, taskId: '1b4e28ba' },
      'The change 7 is still being made by the task 1b4e28ba, so it cannot be put back yet. Wait for the task or cancel it, then try again.',
    ],
  ],
  alreadyReverted: [[{ number: 7, by: 9 }, 'The change 7 was put back before, by the change 9; revert that one to have it again.']],
  noWayBack: [
    [
      { number: 7, reason: 'The old password is not kept anywhere that can be read.' },
      'The change 7 cannot be put back: The old password is not kept anywhere that can be read.',
    ],
    [{ number: 7 }, 'The change 7 cannot be put back: what was before it does not allow it.'],
  ],
  changedSince: [
    [
      { number: 7, left: '{"name":"a"}', now: '{"name":"b"}' },
      'The change 7 was not put back, because its object was changed since: it left {"name":"a"}, and now it is {"name":"b"}. Set it by its own tool if that is meant.',
    ],
    [
      { number: 7, left: 'x'.repeat(501), now: 'null' },
      `The change 7 was not put back, because its object was changed since: it left ${'x'.repeat(500)}…, and now it is null. Set it by its own tool if that is meant.`,
    ],
  ],
  maskedSecret: [
    [
      { tool: 'set_user_password', field: 'password' },
      `set_user_password was not called: password is '***', which is what reads show in the place of a secret. State the secret itself or where it is, such as {"fromEnv": "MAILSTORE_SECRET_…"}, or leave the field out.`,
    ],
  ],
  secretNotSet: [
    [
      { tool: 'set_user_password', field: 'password', variable: 'MAILSTORE_SECRET_AMIRRA', nearest: 'MAILSTORE_SECRET_AMIRA' },
      "set_user_password was not called: password is to come from the variable MAILSTORE_SECRET_AMIRRA, which is not set (did you mean MAILSTORE_SECRET_AMIRA?). Set it in the server's configuration and restart it.",
    ],
    [
      { tool: 'set_user_password', field: 'password', variable: 'MAILSTORE_SECRET_X' },
      "set_user_password was not called: password is to come from the variable MAILSTORE_SECRET_X, which is not set. Set it in the server's configuration and restart it.",
    ],
  ],
  noSecretsFolder: [
    [
      { tool: 'set_user_password', field: 'password' },
      "set_user_password was not called: password is to come from a file, and MAILSTORE_SECRETS_DIR names no folder for such files. Set it in the server's configuration and restart it.",
    ],
  ],
  secretOutside: [
    [
      { tool: 'set_user_password', field: 'password', file: '../amira' },
      "set_user_password was not called: the file '../amira' for password is not inside MAILSTORE_SECRETS_DIR; name one that is.",
    ],
  ],
  twinNames: [
    [
      { tool: 'set_retention_policies', path: 'config', names: ['policies', 'Policies'] },
      "set_retention_policies was not called: config has the fields 'policies' and 'Policies', which MailStore may take for the same one. Keep one and call again.",
    ],
    [
      { tool: 'set_smtp_settings', path: '', names: ['settings', 'settings'] },
      "set_smtp_settings was not called: its arguments have the field 'settings' twice. Keep one and call again.",
    ],
  ],
  noSecretTyped: [
    [
      { argument: 'password', reason: 'nothing was typed' },
      'Nothing was sent: password=- is read from a prompt or from a line of stdin, and nothing was typed. Type it there, or name a variable: password={"fromEnv": "MAILSTORE_SECRET_…"}.',
    ],
  ],
  secretTooLong: [
    [
      { tool: 'set_user_password', field: 'password', bytes: 100_000, limit: 4096 },
      'set_user_password was not called: the secret in password has 100000 bytes, and at most 4096 are taken. Use a shorter one and call again.',
    ],
  ],
  secretUnreadable: [
    [
      { tool: 'set_user_password', field: 'password', file: 'amira', reason: 'ENOENT' },
      "set_user_password was not called: the file 'amira' for password cannot be used (ENOENT).",
    ],
  ],
  callNotAllowed: [
    [
      { command: 'DeleteUser', effect: 'destructive', access: 'read-only', needed: 'full' },
      "DeleteUser is refused: with these arguments it is destructive, and the access is read-only. To run it, add --access full; a target's own setting may still be lower.",
    ],
  ],
  unknownTask: [[{ taskId: '7' }, "There is no task '7'; list the tasks to see those that are recorded."]],
  cannotCancelYet: [
    [
      { command: 'VerifyStore' },
      'VerifyStore cannot be cancelled yet: MailStore has not answered its start, and only that answer says by what it can be cancelled. Nothing was sent; call again when its status is running.',
    ],
  ],
  cannotCancel: [
    [
      { command: 'VerifyStore' },
      'VerifyStore cannot be cancelled: the 2012 form of the API has no way to ask for it. The command runs on and its end will be kept.',
    ],
  ],
  notFoundForKeep: [
    [
      { tool: 'set_store_properties', read: 'get_stores', names: ['contentPath', 'indexPath'] },
      'set_store_properties was not called: contentPath and indexPath would be cleared when left out, and get_stores does not show the object to keep them from. Check the id, or state every value (null clears).',
    ],
  ],
  notShownForKeep: [
    [
      { tool: 'set_store_properties', read: 'get_stores', names: ['type'] },
      'set_store_properties was not called: type would be cleared when left out, and get_stores does not show what is set now. State every one of these and call again (null clears).',
    ],
  ],
  otherSpelling: [
    [
      { tool: 'set_x', read: 'get_x', names: ['LegalHoldEnabled'], known: ['legalHoldEnabled', 'other'] },
      'set_x was not called: LegalHoldEnabled is not how get_x spells it, and the server could take either. Its fields are legalHoldEnabled and other.',
    ],
  ],
  mistypedField: [
    [
      { tool: 'set_x', read: 'get_x', field: 'config.legalHold', meant: 'legalHoldEnabled' },
      'set_x was not called: get_x shows no config.legalHold; did you mean legalHoldEnabled? Correct this and call again.',
    ],
  ],
  readRunsLong: [
    [
      { command: 'GetStores' },
      'GetStores was to be read in the course of another call and runs long on this server; its value was not waited for.',
    ],
  ],
  secretNotKept: [
    [
      { path: '/state/secrets/a.txt', reason: 'ENOSPC' },
      "Nothing was sent: the generated secret could not be written to '/state/secrets/a.txt' (ENOSPC), and without the file it would be lost. Give this server the right to write there, or set MAILSTORE_SECRETS_DIR to another folder.",
    ],
  ],
  commandMissing: [
    [
      { command: 'GetJobs' },
      'This MailStore does not have the command GetJobs: its own list (get-metadata) leaves it out. A newer version may have it.',
    ],
  ],
  unknownSubcommand: [
    [{ name: 'serv', nearest: 'serve' }, "There is no subcommand 'serv'; did you mean serve?"],
    [{ name: 'x' }, "There is no subcommand 'x'; see mailstore-mcp --help."],
  ],
  unknownOption: [
    [{ option: '--sinc', nearest: '--since', help: 'mailstore-mcp audit show --help' }, 'Unknown option --sinc; did you mean --since?'],
    [{ option: '--x', help: 'mailstore-mcp audit show --help' }, 'Unknown option --x; see mailstore-mcp audit show --help.'],
  ],
  joinedWords: [
    [{ option: '--access', value: 'read-write' }, '--access and its value are one word here; write them as two: "--access", "read-write".'],
  ],
  wrongArgs: [
    [
      { reason: "There is no subcommand 'x'." },
      'There is no subcommand \'x\'. Correct "args" in the client\'s entry for this server: it holds options, each word on its own, such as ["--access", "read-write"].',
    ],
  ],
  missingValue: [[{ option: '--limit', placeholder: 'NUMBER' }, '--limit needs a value; write --limit NUMBER.']],
  missingArgument: [
    [
      { command: 'mailstore-mcp tasks show', placeholder: 'TASK', summary: 'the id of a task' },
      'mailstore-mcp tasks show needs TASK, the id of a task; see mailstore-mcp tasks show --help.',
    ],
  ],
  unexpectedWord: [
    [{ word: 'json', nearest: '--json', help: 'mailstore-mcp sandbox --help' }, "Unexpected word 'json'; did you mean --json?"],
    [{ word: 'x', help: 'mailstore-mcp sandbox --help' }, "Unexpected word 'x'; see mailstore-mcp sandbox --help."],
  ],
  unknownSettings: [
    [
      { unknown: [{ setting: 'MAILSTORE_ACESS', nearest: 'MAILSTORE_ACCESS' }] },
      'Unknown setting MAILSTORE_ACESS; did you mean MAILSTORE_ACCESS?',
    ],
    [{ unknown: [{ setting: 'MAILSTORE_X' }] }, 'Unknown setting MAILSTORE_X; remove it, or see docs/configuration.md.'],
    [
      { unknown: [{ setting: 'acess', nearest: 'access' }, { setting: 'x' }] },
      'Unknown settings acess (did you mean access?) and x; correct or remove each, or see docs/configuration.md.',
    ],
  ],
  invalidSetting: [
    [
      { setting: 'MAILSTORE_ACCESS', value: 'all', expected: 'read-only, read-write, full' },
      "MAILSTORE_ACCESS is 'all', but must be read-only, read-write, full.",
    ],
    [
      { setting: 'MAILSTORE_TLS_FINGERPRINT', expected: 'the 64 hex digits of a SHA-256 fingerprint' },
      'MAILSTORE_TLS_FINGERPRINT must be the 64 hex digits of a SHA-256 fingerprint. Its value is not shown, since it may be a password.',
    ],
  ],
  twinSettings: [
    [
      { path: '/etc/m.json', names: ['access', 'access'] },
      "The file '/etc/m.json' named by MAILSTORE_CONFIG has 'access' twice in one object, and only one of them would count; remove the other.",
    ],
    [
      { path: '/etc/m.json', names: ['access', 'Access'] },
      "The file '/etc/m.json' named by MAILSTORE_CONFIG has both 'access' and 'Access' in one object, and only one of them would count; remove the other.",
    ],
  ],
  unsafeSecretsDir: [
    [
      { path: '/', reason: 'is the root of a drive' },
      "MAILSTORE_SECRETS_DIR is '/', which is the root of a drive: every file in it could be sent to MailStore as a password. Make a folder for secrets alone, such as one named mailstore-secrets, and set it to that.",
    ],
  ],
  missingSetting: [
    [{ setting: 'MAILSTORE_URL', hint: 'set it to https://host:8463.' }, 'MAILSTORE_URL is not set; set it to https://host:8463.'],
  ],
  unreadableFile: [
    [
      { setting: 'MAILSTORE_CA_FILE', path: '/ca.pem', reason: 'there is no such file (ENOENT); correct the path, or create the file' },
      "The file '/ca.pem' named by MAILSTORE_CA_FILE cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
  ],
  plainHttp: [
    [
      { setting: 'MAILSTORE_URL', url: 'http://mail.example.com', rewritten: 'https://mail.example.com:8463' },
      "'http://mail.example.com' is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way; write 'https://mail.example.com:8463'.",
    ],
    [
      { setting: 'MAILSTORE_URL' },
      "MAILSTORE_URL is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way.",
    ],
  ],
  noSqlite: [
    [
      { reasons: ['node:sqlite: Node 20.19.0 does not have it', "libsql: Cannot find module 'libsql'"] },
      "Tasks cannot be kept, because no SQLite loads (node:sqlite: Node 20.19.0 does not have it; libsql: Cannot find module 'libsql'). Run with Node 22.13 or later, or install the package libsql next to mailstore-mcp.",
    ],
  ],
  journalFull: [
    [
      { path: '/state/journal.sqlite' },
      "The disk is full: '/state/journal.sqlite' could not be written. Free space, or set MAILSTORE_STATE_DIR to a folder on another disk.",
    ],
  ],
  journalNotWritable: [
    [
      { path: '/state/journal.sqlite', reason: 'EACCES' },
      "'/state/journal.sqlite' cannot be written (EACCES); give the account of this server the right to write this file and its folder, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],
  journalBroken: [
    [
      { path: '/state/journal.sqlite', reason: 'file is not a database' },
      "'/state/journal.sqlite' is damaged or is no journal of this server (file is not a database); it was left alone. Move it away to begin a new one, and keep it if its tasks matter.",
    ],
  ],
  journalNewer: [
    [
      { path: '/state/journal.sqlite', found: 7, known: 2 },
      "'/state/journal.sqlite' was written by a newer mailstore-mcp (format 7; this one knows 2) and was left alone. Update this one, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],
  auditUnreadable: [
    [
      { path: '/state/audit.jsonl', reason: 'EISDIR' },
      "The audit '/state/audit.jsonl' cannot be read (EISDIR); give this account the right to read it, or move away what has its place and put the file back.",
    ],
  ],
  auditNotWritable: [
    [
      { path: '/state/audit.jsonl', reason: 'ENOSPC' },
      "The audit '/state/audit.jsonl' cannot be written (ENOSPC), so the call is not on record, and no change is made until it can be; free space, or give the account of this server the right to write this file and its folder.",
    ],
  ],
  stillRunning: [
    [{ tool: 'rename_user', seconds: 45 }, 'rename_user was not answered within 45 seconds; it goes on, and the audit will show its end.'],
  ],
  outOfTime: [
    [
      { read: 'get_stores', seconds: 45 },
      'get_stores was not answered completely within the 45 seconds that a call may take. Narrow what it reads, or call again when MailStore has less to do.',
    ],
  ],
  notBegun: [
    [
      { tool: 'rename_user', seconds: 45 },
      'rename_user was not sent: what comes before it, such as reads of what it concerns, took longer than the 45 seconds that a call may take. Call again when MailStore has less to do.',
    ],
  ],
  notMasked: [
    [
      { command: 'GetStores' },
      'Masking the secrets in the answer to GetStores failed, so the answer is not shown and was not used. Check with a read what the call did, and report this as a fault of mailstore-mcp.',
    ],
  ],
  tooDeep: [
    [
      { command: 'GetStores', limit: 256 },
      'The answer to GetStores nests lists and objects more than 256 deep, which no answer of MailStore does; it was not used. Check what is between this server and MailStore.',
    ],
  ],
  unknownStatus: [
    [
      { command: 'VerifyStore', word: 'aborted' },
      "MailStore says of VerifyStore that it is 'aborted', which is no word of its API for a success or a failure.",
    ],
  ],
  foreignStatus: [
    [{ command: 'VerifyStore' }, 'The server answered the question for VerifyStore with the status of another command; it was not used.'],
  ],
  invalidStatus: [
    [
      { command: 'VerifyStore', field: 'statusVersion', value: '2.5' },
      'The status of VerifyStore has the statusVersion 2.5, which cannot be right, so the status was not used.',
    ],
  ],
  journalBusy: [
    [
      { path: '/state/journal.sqlite', ms: 15_000 },
      "Another process has kept '/state/journal.sqlite' locked for 15000 ms. Call again; if this stays, close what has the file open, such as a backup or a database viewer.",
    ],
  ],
  journalUnusable: [
    [
      { path: '/state/journal.sqlite', reason: 'disk I/O error' },
      "'/state/journal.sqlite' cannot be used (disk I/O error); check the disk and the folder, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],

  cancelledUnsent: [[{ reason: 'the caller cancelled it' }, 'Nothing was sent: the caller cancelled it before.']],
  cancelledSent: [[{ reason: 'this program is ending' }, 'The request was sent and its answer not waited for: this program is ending.']],
  hostNotFound: [[{ host: 'mail.example.com' }, "The host 'mail.example.com' cannot be found; check the name in MAILSTORE_URL."]],
  connectionRefused: [
    [
      { origin },
      `${origin} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
    ],
  ],
  connectTimeout: [
    [{ origin, ms: 10000 }, `${origin} did not accept a connection and take the request within 10000 ms; check host, port and firewall.`],
  ],
  replyTimeout: [[{ origin, ms: 40000 }, `${origin} accepted the request and did not answer completely within 40000 ms.`]],
  connectionLost: [
    [{ origin, reason: 'other side closed' }, `The connection to ${origin} broke before the answer was complete (other side closed).`],
  ],
  connectionFailed: [
    [
      { origin, reason: 'wrong version number' },
      `No connection to ${origin} (wrong version number); check that MAILSTORE_URL names MailStore's HTTPS port.`,
    ],
  ],
  certificateUntrusted: [
    [
      { origin, reason: 'DEPTH_ZERO_SELF_SIGNED_CERT', fingerprint: 'AA:BB' },
      `The certificate of ${origin} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). If its SHA-256 fingerprint on the server reads AA:BB, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
    ],
  ],
  certificateMismatch: [
    [
      { origin, expected: 'AA:BB', seen: 'CC:DD' },
      `The certificate of ${origin} has the SHA-256 fingerprint CC:DD, not the pinned AA:BB; nothing was sent. If the certificate was renewed, compare on the server and change MAILSTORE_TLS_FINGERPRINT.`,
    ],
  ],
  unauthorized: [
    [
      { user: 'admin' },
      "MailStore does not accept the login 'admin' (HTTP 401); check user name and password, that the user has the login privilege api, and that with multi-factor authentication the password is an app password. The default password of admin is refused from other machines.",
    ],
  ],
  forbidden: [[{ user: 'amira' }, "MailStore refuses 'amira' (HTTP 403); the API needs an administrator."]],
  pathNotFound: [
    [
      { path: '/api/invoke/GetUsers' },
      "The server knows no '/api/invoke/GetUsers' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
  ],
  tokenUnknown: [
    [
      { command: 'VerifyStore' },
      'MailStore no longer knows the token of VerifyStore: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.',
    ],
  ],
  lengthRequired: [[{}, 'The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.']],
  unavailable: [[{ origin }, `${origin} is not available right now (HTTP 503); try again later.`]],
  gatewayFailed: [[{ status: 502, origin }, `A proxy in front of ${origin} got no answer from it (HTTP 502).`]],
  headersTooLarge: [
    [
      { origin, limit: 16_384 },
      `The headers of the answer from ${origin} are larger than 16384 bytes, so it was not read; a proxy in between may add them.`,
    ],
  ],
  redirected: [
    [
      { status: 302, origin, host: 'login.example.com' },
      `${origin} redirects to login.example.com (HTTP 302), which is not followed because the login would go there. Set MAILSTORE_URL to MailStore's own address.`,
    ],
  ],
  turnedAway: [
    [{ status: 400, excerpt: 'Bad request.' }, 'The server answered HTTP 400: Bad request.'],
    [{ status: 418, excerpt: '' }, 'The server answered HTTP 418 without a text.'],
  ],
  compressed: [
    [
      { command: 'GetUsers', encoding: 'gzip' },
      'The answer to GetUsers is compressed (gzip), which was not asked for, so it was not read; a proxy in between may do that. Switch it off for this address.',
    ],
  ],
  unexpectedStatus: [
    [{ status: 500, excerpt: 'Out of memory.' }, 'The server answered HTTP 500: Out of memory.'],
    [{ status: 418, excerpt: '' }, 'The server answered HTTP 418 without a text.'],
  ],
  commandFailed: [
    [
      { command: 'GetUserInfo', message: "User 'nobody' does not exist." },
      "MailStore could not run GetUserInfo: User 'nobody' does not exist.",
    ],
  ],
  notMailStore: [
    [
      { origin, excerpt: 'Sign in' },
      `${origin} answered with a web page instead of MailStore's API ('Sign in'); a proxy or another service is in between. Check MAILSTORE_URL.`,
    ],
  ],
  truncated: [[{ command: 'GetUsers', bytes: 17 }, 'The answer to GetUsers ended after 17 bytes, before it was complete.']],
  notJson: [
    [{ command: 'GetUsers', excerpt: '%~' }, "The answer to GetUsers is not JSON: '%~'. Check that MAILSTORE_API fits this server."],
  ],
  notXml: [[{ command: 'GetUsers', excerpt: '%~' }, "The answer to GetUsers is not XML: '%~'. Check that MAILSTORE_API fits this server."]],
  notUtf8: [[{ command: 'GetUsers' }, 'The answer to GetUsers is not valid UTF-8, so it was not used.']],
  notAnEnvelope: [
    [
      { command: 'GetUsers', excerpt: '{"ok":true}' },
      `The answer to GetUsers does not have the form of MailStore's API: '{"ok":true}'. Check MAILSTORE_API and MAILSTORE_URL.`,
    ],
  ],
  tooLarge: [
    [{ command: 'GetUsers', limit: 1024 }, 'The answer to GetUsers is larger than 1024 bytes and was not read; narrow the request.'],
  ],
  foreignStatusUrl: [
    [
      { url: 'https://evil.example/status', origin },
      `The status of a command is said to be at 'https://evil.example/status'; it was not asked there, because the login goes only to /JSON/Status/ and /XML/Status/ on ${origin}. The outcome is not known; check it by reading.`,
    ],
  ],
  noDialect: [
    [
      { origin, modern: 'HTTP 404', legacy: 'HTTP 404' },
      `Neither form of MailStore's API answers at ${origin} (get-metadata: HTTP 404; /JSON/Invoke: HTTP 404). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
    ],
  ],
  unexpandedPlaceholder: [
    [
      { setting: 'MAILSTORE_USERNAME', placeholder: '${input:user}' },
      "MAILSTORE_USERNAME holds the placeholder '${input:user}', which the client did not replace by a value; write the value in its place, or define what the placeholder names in the client.",
    ],
  ],
  exampleValue: [
    [
      { setting: 'MAILSTORE_URL', example: '<your-server>', cure: 'write the address of your own MailStore' },
      "MAILSTORE_URL holds '<your-server>', which is an example from a documentation; write the address of your own MailStore.",
    ],
  ],
  settingToRewrite: [
    [
      { setting: 'MAILSTORE_URL', problem: 'goes on after the port', rewritten: 'https://mail.example.com:8463' },
      "MAILSTORE_URL goes on after the port; write 'https://mail.example.com:8463'.",
    ],
    [
      { setting: 'MAILSTORE_STATE_DIR', value: './state', problem: 'is a relative path', rewritten: '/home/me/state' },
      "MAILSTORE_STATE_DIR is './state', which is a relative path; write '/home/me/state'.",
    ],
  ],
  sha1Fingerprint: [
    [
      { setting: '--fingerprint', thumbprint: 'A9993E364706816ABA3E25717850C26C9CD0D89D' },
      '--fingerprint holds a SHA-1 thumbprint (40 digits), but must be the SHA-256 fingerprint (64 digits); in PowerShell on the MailStore machine this shows it: `Get-ChildItem -Recurse Cert:\\LocalMachine | Where-Object Thumbprint -eq A9993E364706816ABA3E25717850C26C9CD0D89D | ForEach-Object { [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($_.RawData)) }`.',
    ],
  ],
  passwordFile: [
    [
      { setting: 'MAILSTORE_PASSWORD_FILE', path: '/run/pw', problem: 'is empty', cure: 'write the password into it' },
      "The file '/run/pw' named by MAILSTORE_PASSWORD_FILE is empty; write the password into it.",
    ],
  ],
  notJsonFile: [
    [
      { setting: '--config', path: '/etc/m.json', line: 3, column: 12, problem: 'a text in quotes does not end' },
      "The file '/etc/m.json' named by --config is not JSON: line 3, column 12: a text in quotes does not end.",
    ],
  ],
  notPrivate: [
    [
      { what: 'the state folder', path: '/srv/state', problem: 'can be changed by others (mode 0777)', cure: 'chmod go-w /srv/state' },
      "'/srv/state' (the state folder) can be changed by others (mode 0777), so nothing runs; cure it with `chmod go-w /srv/state`.",
    ],
  ],
  outputNotWritten: [
    [{ reason: 'ENOSPC' }, 'The output could not be written (ENOSPC), so it is not complete; free space, or write it to another place.'],
  ],
  serverEnding: [[{ tool: 'rename_user' }, 'rename_user was not sent, because this server is ending. Call again when it runs.']],
  internal: [[{}, 'This server failed on the call; its stderr has the details.']],
};
