import { createHash } from 'node:crypto';
import type { ApprovableCall } from '../../src/journal/approval-record.ts';
import type { AuditEntry } from '../../src/audit/audit-record.ts';
import type { Holder, RawEnd, TaskIntent } from '../../src/journal/task-record.ts';
import type { Progress } from '../../src/wire/reply.ts';

export const ALPHA: Holder = { id: 'alpha', pid: 101, host: 'desk' };
export const BETA: Holder = { id: 'beta', pid: 102, host: 'desk' };

export const RUN = { token: 'token-1' };

export function intent(argumentsKey = 'key-1'): TaskIntent {
  return { command: 'VerifyStore', target: 'default', argumentsKey, argumentsMasked: { id: 4 } };
}

export function progress(percent: number | null, version = 1, ...lines: readonly string[]): Progress {
  return { version, percent, text: percent === null ? null : `${percent} of 100`, messages: lines.map((text) => ({ type: 'line', text })) };
}

export function rawEnd(text: string): RawEnd {
  return { status: 200, contentType: 'application/json', body: new TextEncoder().encode(text) };
}

export function call(argumentsKey = 'key-1'): ApprovableCall {
  return { tool: 'delete_user', target: 'default', argumentsKey, promptKey: 'prompt-1' };
}

export const AUDIT_FILE = 'audit.jsonl';

export function digestData(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

export function auditEntry(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    call: 'call-1',
    client: { claimed: 'test 1.0' },
    target: 'default',
    origin: 'https://mail.example.com:8463',
    user: 'admin',
    command: 'GetUserInfo',
    effect: 'read',
    arguments: { userName: 'johndoe' },
    decision: 'allow',
    ...changes,
  };
}
