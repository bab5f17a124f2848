/** No call holds the client longer, in milliseconds: common clients give up on a request soon after. */
export const HOLD_MS = 45_000;

/** What a call may take until its work is cut off, in milliseconds. The rest of HOLD_MS is for its line in the audit and the way of its answer. */
export const CALL_MS = HOLD_MS - 2000;

/** How long MailStore may hold a status request while it has no news. A client that kills its server 4 seconds after closing it loses no end. */
export const POLL_WAIT_MS = 1500;

/** How many characters are kept of one argument or text of a call, in the audit and wherever else calls are recorded. */
export const KEPT_CHARACTERS = 4096;

/** How many characters are kept of all arguments of a call together, as JSON. */
export const KEPT_RECORD_CHARACTERS = 32_768;

/** A change is kept whole, so that it can be put back, up to this many characters of JSON; a larger one is cut and has no way back. */
export const REVERTIBLE_CHARACTERS = 262_144;

/** How long a person has to answer a question, or to grant an approval and use it, in milliseconds. */
export const CONSENT_MS = 600_000;

/** The same in words, as people read it. */
export const CONSENT_TIME = 'ten minutes';

/**
 * How long the end of a process waits for polls that are under way, in milliseconds. The end of a command may be in the answer to one of them,
 * which MailStore holds for less than 2 s; a poll that takes longer is marked in the journal, so that the next process knows what may be missing.
 */
export const MAX_POLL_WAIT_MS = 7000;
