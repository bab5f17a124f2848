import type { ScopedCall } from '../catalogue/catalogue.ts';
import type { Command, EvidenceRead as DeclaredEvidence } from '../catalogue/define-command.ts';
import type { MailStoreClient } from '../client/client.ts';
import type { Evidence, TaskRecord } from '../journal/task-record.ts';

/** Rows kept of one read; what a lost end left behind is among the few that are about its object. */
const ROW_LIMIT = 20;

/** Reads what corroborates how a run ended, as its declaration says. A read that fails is reported and does not keep the others from being made. */
export async function gatherEvidence(
  client: MailStoreClient,
  command: Command,
  task: Pick<TaskRecord, 'argumentsMasked' | 'startedAt'>,
): Promise<readonly Evidence[]> {
  const call = { command, args: task.argumentsMasked };
  const declared = command.evidence?.({ ...call.args }, task.startedAt.slice(0, 19)) ?? [];
  return Promise.all(declared.map((evidence) => readEvidence(client, call, evidence)));
}

async function readEvidence(client: MailStoreClient, call: ScopedCall, { read, args, rows }: DeclaredEvidence): Promise<Evidence> {
  try {
    const { value } = await client.readFor(call, read, args);
    if (!Array.isArray(value)) return { source: read, finding: 'Read after the end was lost.', data: value };
    const matching = value.filter((row: unknown) => isAbout(row, rows ?? {}));
    return { source: read, finding: `${matching.length} rows were read after the end was lost.`, data: matching.slice(0, ROW_LIMIT) };
  } catch (error) {
    return { source: read, finding: `It could not be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isAbout(row: unknown, wanted: Readonly<Record<string, unknown>>): boolean {
  if (typeof row !== 'object' || row === null) return false;
  const fields = new Map<string, unknown>(Object.entries(row));
  return Object.entries(wanted).every(([name, value]) => fields.get(name) === value);
}
