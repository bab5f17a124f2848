import { AuditLog } from '../audit/audit-log.ts';
import { systemClock } from '../base/clock.ts';
import { formatDuration } from '../base/durations.ts';
import { MailStoreError } from '../base/errors.ts';
import { escapeHidden } from '../base/escape-hidden.ts';
import { loadStateDir } from '../config/load.ts';
import { text } from '../config/setting-types.ts';
import { decideApproval, findPendingApproval } from '../guard/decide-approval.ts';
import type { Approval } from '../journal/approval-record.ts';
import { Journal } from '../journal/journal.ts';
import { describeDecidingProcess } from './deciding-process.ts';
import { defineAction, defineSubcommand, flag, optionalArgument, type Given } from './define-subcommand.ts';
import { readScreen } from './screen.ts';
import { makeTimeFormat, type TimeFormat } from './show-time.ts';
import { renderTable, type Column } from './table.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const { stdout } = process;

/** The journal with the approvals, and the audit in which each decision is recorded. */
interface Records {
  readonly journal: Journal;
  readonly audit: AuditLog;
}

const options = { refuse: flag('end the request with a no'), json: flag('write the pending requests as JSON, one a line') };
const args = { id: optionalArgument(text('ID'), 'the id of the request, as the refused call named it') };

export const approve = defineSubcommand({
  name: 'approve',
  summary: 'show the calls that wait for a person’s approval, and grant or refuse one',
  settings: 'state',
  action: defineAction({
    options,
    arguments: args,
    examples: [
      { line: 'approve', shows: 'the requests that are pending' },
      { line: 'approve 3f9a1c', shows: 'the question of one, and asks for a yes' },
      { line: 'approve 3f9a1c --refuse', shows: 'that it was refused' },
    ],
    run: runApprove,
  }),
});

/** Shows or decides an approval. A yes is taken from a terminal alone, which a program that merely starts this one does not have. */
async function runApprove({ flags, id, refuse, json }: Given<typeof options, typeof args>): Promise<void> {
  const stateDir = loadStateDir({ flags });
  const journal = Journal.open(stateDir, { clock: systemClock });
  const audit = new AuditLog(stateDir, journal.audit, systemClock);
  const records = { journal, audit };
  try {
    if (id === undefined) await list(journal, json);
    else if (refuse) await decide(records, await findPendingApproval(journal, id), 'refuse');
    else await ask(records, await findPendingApproval(journal, id), makeTimeFormat(flags));
  } finally {
    await audit.close();
    journal.close();
  }
}

async function list({ approvals }: Journal, json: boolean): Promise<void> {
  const pending = (await approvals.list()).filter(({ state }) => state === 'pending');
  if (json) {
    for (const row of pending) stdout.write(`${escapeHidden(JSON.stringify(row))}\n`);
    return;
  }
  const now = systemClock.now();
  const columns: Column<Approval>[] = [
    { header: 'ID', cell: ({ approvalId }) => approvalId, style: () => 'cyan' },
    { header: 'WHAT', cell: ({ label }) => label, least: 12 },
    { header: 'EXPIRES IN', cell: ({ expiresAt }) => formatDuration(Date.parse(expiresAt) - now) },
    { header: 'TARGET', cell: ({ target }) => target, least: 8, isOptional: true },
    { header: 'TOOL', cell: ({ tool }) => tool, least: 8, isOptional: true },
  ];
  stdout.write(pending.length === 0 ? 'No approvals are pending.\n' : renderTable(pending, columns, readScreen(stdout)));
}

async function ask(records: Records, approval: Approval, { withOffset }: TimeFormat): Promise<void> {
  const prompter = terminalPrompter();
  if (!prompter) throw new MailStoreError('noTerminal', { what: 'approve' });
  stdout.write(`Good once, for exactly this call, until ${withOffset(approval.expiresAt)}.\n\n`);
  const { kind } = await prompter.ask(approval);
  if (kind === 'accepted') {
    await decide(records, approval, 'grant');
    return;
  }
  stdout.write('It was not granted. It can still be, until it expires; approve with --refuse ends it.\n');
  process.exitCode = 1;
}

async function decide({ journal: { approvals }, audit }: Records, approval: Approval, how: 'grant' | 'refuse'): Promise<void> {
  await decideApproval({ approvals, audit }, approval, how, describeDecidingProcess());
  stdout.write(how === 'grant' ? 'Granted. The call can be made again now, with the same arguments.\n' : 'Refused.\n');
}
