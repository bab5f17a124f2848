/** `pending` and `granted` are open; the others are never left again. */
export type ApprovalState = 'pending' | 'granted' | 'refused' | 'used' | 'expired';

/** The one call that an approval is good for. */
export interface ApprovableCall {
  readonly tool: string;
  readonly target: string;
  /** A digest of the arguments: the same key means the same call. */
  readonly argumentsKey: string;
}

export interface ApprovalRequest extends ApprovableCall {
  /** What the person who decides reads, secrets already masked. */
  readonly shown: string;
  /** What this person has to type to say yes; a plain yes will do where it is absent. */
  readonly typed?: string;
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
