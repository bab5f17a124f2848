import { readlinkSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ApprovalEntry } from '../audit/audit-record.ts';

/** Returns this process as the operating system knows it, for the record of a decision. */
export function describeDecidingProcess(): ApprovalEntry['decidedBy'] {
  return { user: userName(), pid: process.pid, parentPid: process.ppid, terminal: terminalDevice() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account without an entry in the user database, as in some containers.
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** Returns the device of the terminal at stdin; null where the system has no such link. */
function terminalDevice(): string | null {
  if (!process.stdin.isTTY) return null;
  try {
    return readlinkSync('/proc/self/fd/0');
  } catch {
    return null;
  }
}
