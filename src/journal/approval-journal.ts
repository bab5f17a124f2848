import type { ApprovableCall, Approval, ApprovalRequest, ApprovalState, ConsumedApproval } from './approval-record.ts';

/** A time in which questions are not asked. */
export interface Pause {
  /** Milliseconds since the Unix epoch. */
  readonly until: number;
  /** What got too many refusals: this tool at this target, or all questions together. */
  readonly of: 'kind' | 'all';
}

/** Approvals that persons give outside of the conversation. Each method is one transaction, so an approval is used once by all processes together. */
export interface ApprovalJournal {
  /**
   * Requests an approval, or returns the one that is pending for the same call and the same text. A pending one for the same call with another
   * text is void. Rejects with MailStoreError `tooManyApprovals` when too many are pending.
   */
  request(request: ApprovalRequest): Promise<Approval>;

  /** Returns the state it was found in: it is granted now where that is `pending`, and else unchanged. Undefined for an unknown id. */
  grant(approvalId: string): Promise<ApprovalState | undefined>;

  /** Returns the state it was found in: it is refused now where that is `pending`, and else unchanged. Undefined for an unknown id. */
  refuse(approvalId: string): Promise<ApprovalState | undefined>;

  /** Consumes the approval granted for this call; undefined if there is none. One whose text does not fit any more becomes void. */
  consume(call: ApprovableCall): Promise<ConsumedApproval | undefined>;

  /** Counts a question without a yes, for this tool at this target: an answer that was none, or a question whose answer comes with a call of its own. */
  countRefusal(call: Pick<ApprovableCall, 'tool' | 'target'>): Promise<void>;

  /** Takes back the latest count: the question that was counted when it was put got its yes. */
  forgetRefusal(call: Pick<ApprovableCall, 'tool' | 'target'>): Promise<void>;

  /** Returns why and for how long no question of this kind may be asked; undefined if it may. */
  findPause(call: Pick<ApprovableCall, 'tool' | 'target'>): Promise<Pause | undefined>;

  /** Returns the approval with this id. */
  get(approvalId: string): Promise<Approval | undefined>;

  /** Returns the approvals of every state, the newest first. */
  list(options?: { readonly limit?: number }): Promise<readonly Approval[]>;

  /**
   * Uses up a nonce that is good until `expiresAt` (milliseconds since the Unix epoch). True the first time; false afterwards, and for one that has
   * expired. The signer has to bind the expiry to the nonce: expired nonces are cleared.
   */
  burn(nonce: string, expiresAt: number): Promise<boolean>;
}
