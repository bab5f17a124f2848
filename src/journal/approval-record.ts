/** `pending` and `granted` are open; the others are final. `void` means that what was shown has changed before the approval was used. */
export type ApprovalState = 'pending' | 'granted' | 'refused' | 'used' | 'expired' | 'void';

/** The one call that an approval is good for. */
export interface ApprovableCall {
  readonly tool: string;
  readonly target: string;
  /** A digest of login and arguments: the same key means the same call. */
  readonly argumentsKey: string;
  /** A digest of what was shown, except values that drift. */
  readonly promptKey: string;
}

export interface ApprovalRequest extends ApprovableCall {
  /** What the person who decides reads, secrets already masked. */
  readonly prompt: string;
  /** Names the act, such as `Delete amira`. */
  readonly label: string;
  /** What this person has to type to say yes; absent if a plain yes is enough. */
  readonly confirmationText?: string;
}

/** A request for a person's yes. Times are ISO 8601 UTC. */
export interface Approval extends ApprovalRequest {
  readonly approvalId: string;
  readonly state: ApprovalState;
  readonly requestedAt: string;
  readonly expiresAt: string;
  /** When it was granted or refused. */
  readonly decidedAt?: string;
}

/** A granted approval that a call has consumed. */
export interface ConsumedApproval {
  readonly approvalId: string;
  /** The text that the person read. */
  readonly prompt: string;
  /** False if the call would show something else by now: the approval is void, and the call must not run. */
  readonly isValid: boolean;
}
