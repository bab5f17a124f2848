import { systemClock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { toVisibleLine } from '../base/visible.ts';
import { loadStateDir } from '../config/load.ts';
import { text } from '../config/setting-types.ts';
import type { Approval } from '../journal/approval-record.ts';
import { Journal } from '../journal/journal.ts';
import { defineAction, defineSubcommand, flag, optionalArgument, type Given } from './define-subcommand.ts';
import { terminalPerson } from './terminal-person.ts';

const { stdout } = process;

const options = { refuse: flag('end the request with a no') };
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
async function runApprove({ flags, id, refuse }: Given<typeof options, typeof args>): Promise<void> {
  const journal = Journal.open(loadStateDir({ flags }), { clock: systemClock });
  try {
    if (id === undefined) list(journal);
    else if (refuse) decide(journal, pending(journal, id), 'refuse');
    else await ask(journal, pending(journal, id));
  } finally {
    journal.close();
  }
}

function list({ approvals }: Journal): void {
  const waiting = approvals.list().filter(({ state }) => state === 'pending');
  if (waiting.length === 0) stdout.write('Nothing waits for a yes.\n');
  for (const { approvalId, tool, target, shown, expiresAt } of waiting) {
    const [what] = /(?<=^What: ).*/m.exec(shown) ?? [''];
    stdout.write(
      `${approvalId}  ${toVisibleLine(tool)}  ${toVisibleLine(target)}  until ${expiresAt.slice(0, 19)}Z  ${toVisibleLine(what)}\n`,
    );
  }
}

/** Throws MailStoreError for an id that nothing waits under. */
function pending({ approvals }: Journal, id: string): Approval {
  const approval = approvals.get(id.toLowerCase());
  if (!approval) throw new MailStoreError('unknownApproval', { approvalId: id });
  if (approval.state !== 'pending') throw new MailStoreError('approvalOver', { approvalId: approval.approvalId, state: approval.state });
  return approval;
}

async function ask(journal: Journal, approval: Approval): Promise<void> {
  const person = terminalPerson();
  if (!person) throw new MailStoreError('noTerminal', { what: 'approve' });
  stdout.write(`Good once, for exactly this call, until ${approval.expiresAt.slice(0, 19)}Z.\n\n`);
  const { kind } = await person.ask({ ...approval, key: approval.argumentsKey });
  if (kind === 'yes') {
    decide(journal, approval, 'grant');
    return;
  }
  stdout.write('It was not granted. It can still be, until it expires; approve with --refuse ends it.\n');
  process.exitCode = 1;
}

function decide({ approvals }: Journal, { approvalId }: Approval, how: 'grant' | 'refuse'): void {
  const found = approvals[how](approvalId);
  if (found !== 'pending') throw new MailStoreError('approvalOver', { approvalId, state: found ?? 'gone' });
  stdout.write(how === 'grant' ? 'Granted. The call can be made again now, with the same arguments.\n' : 'Refused.\n');
}
