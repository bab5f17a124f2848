import type { AuditLog } from '../audit/audit-log.ts';
import type { ApprovalEntry } from '../audit/audit-record.ts';
import { MailStoreError } from '../base/errors.ts';
import type { ApprovalJournal } from '../journal/approval-journal.ts';
import type { Approval } from '../journal/approval-record.ts';

/** The approvals, and the audit in which each decision is recorded. */
export interface ApprovalRecords {
  readonly approvals: ApprovalJournal;
  readonly audit: Pick<AuditLog, 'record'>;
}

/** Returns the pending approval with this id. Throws MailStoreError when there is none. */
export async function findPendingApproval({ approvals }: Pick<ApprovalRecords, 'approvals'>, id: string): Promise<Approval> {
  const approval = await approvals.get(id.toLowerCase());
  if (!approval) throw new MailStoreError('unknownApproval', { approvalId: id });
  if (approval.state !== 'pending') throw new MailStoreError('approvalOver', { approvalId: approval.approvalId, state: approval.state });
  return approval;
}

/** Grants or refuses an approval on record. Throws MailStoreError when it is no longer pending, or the record cannot be written. */
export async function decideApproval(
  { approvals, audit }: ApprovalRecords,
  { approvalId, tool, target, prompt }: Approval,
  how: 'grant' | 'refuse',
  decidedBy: ApprovalEntry['decidedBy'],
): Promise<void> {
  await findPendingApproval({ approvals }, approvalId);
  // The line comes first: nothing is granted of which there is no record.
  const event = how === 'grant' ? 'approval_granted' : 'approval_refused';
  await audit.record({ event, approvalId, tool, target, prompt, decidedBy });
  const found = await approvals[how](approvalId);
  if (found !== 'pending') throw new MailStoreError('approvalOver', { approvalId, state: found ?? 'expired' });
}
