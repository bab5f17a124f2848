import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { findCommand } from '../../tools/index.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Redactor } from '../base/redact.ts';
import type { Access } from '../base/target.ts';
import type { Command, Effect } from '../catalogue/define-command.ts';
import { isRow } from '../catalogue/looks.ts';
import { MASK, maskSecrets } from '../catalogue/mask-secrets.ts';
import { toolName } from '../catalogue/naming.ts';
import { CommandFailed, type MailStoreClient, type Outcome, type ReadValue } from '../client/client.ts';
import type { CheckedValue } from '../client/value.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditEntry } from '../audit/audit-record.ts';
import type { Change } from '../journal/change-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import { allows, neededAccess } from '../policy/access.ts';
import { decide, effectOfCall, mildestEffect, type Decision } from '../policy/decide.ts';
import { passGate } from '../policy/gate.ts';
import { mayHaveBegun } from '../tasks/readings.ts';
import type { TaskCall, TaskRunner } from '../tasks/runner.ts';
import type { Person, Rung } from './person.ts';
import { lookAt, questionAbout } from './question.ts';
import { forgetGenerated, Secrets, type SecretSources } from './secrets.ts';

/** A MailStore that calls go to. */
export interface GuardedTarget {
  readonly name: string;
  readonly origin: string;
  /** The login name there. */
  readonly user: string;
  readonly access: Access;
  /** True where the target's own setting is what keeps the access as low as it is. */
  readonly hasOwnLimit?: boolean;
  readonly client: MailStoreClient;
}

export interface GuardOptions {
  readonly targets: ReadonlyMap<string, GuardedTarget>;
  readonly journal: Journal;
  readonly audit: AuditLog;
  readonly runner: TaskRunner;
  readonly secrets: SecretSources;
  readonly redactor: Redactor;
  /** How a person calls `mailstore-mcp approve` so that it finds this record. */
  readonly approveCommand: (approvalId: string) => string;
  readonly log: Log;
}

/** Who calls, and who can be asked. */
export interface Caller {
  /** As the audit names it, such as `claude-code 2.1.3` or `terminal`. */
  readonly by: string;
  /** Absent where nobody can be asked in the course of the call. */
  readonly person?: Person | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a write changed: only the fields that read differently afterwards. */
export interface ShownChange {
  /** By which it can be shown and put back; absent where nothing is different. */
  readonly number?: number;
  readonly before: unknown;
  readonly after: unknown;
  /** Why it could not be read, or cannot be put back. */
  readonly note?: string;
}

/** What became of a call. */
export type Answered = { readonly change?: ShownChange; readonly generated?: Readonly<Record<string, string>> } & (
  | ({ readonly kind: 'value' } & CheckedValue)
  | { readonly kind: 'task'; readonly task: TaskRecord }
);

/** The question is on its way to a person; nothing has run. */
export interface Asked {
  readonly kind: 'asked';
}

interface Consent {
  readonly rung: Rung | 'none';
  readonly answer: 'yes' | 'no' | 'asked' | 'not asked' | 'invalid';
  readonly shown: string;
  readonly approvalId?: string;
}

/** Stands between every way to call a command and the wire: decides, asks, records, runs, and keeps what is needed to go back. */
export class Guard {
  readonly #options: GuardOptions;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Runs a call, or leaves it with `asked`. Throws MailStoreError when it is refused, nobody says yes, or it fails; every call that comes here
   * leaves its trace in the audit.
   */
  async run(call: TaskCall, caller: Caller): Promise<Answered | Asked> {
    const { command, args } = call;
    const target = this.#target(call.target);
    const stored = await this.#stored(command, args, target);
    const decision = judge(command, args, target.access, stored);
    const entry = this.#entry(call, caller, decision);
    if (decision.kind === 'refuse') return this.#refuse(call, decision, entry);
    const secrets = await this.#secrets(call, entry);

    let before: Before | undefined;
    let consent: Consent | undefined;
    if (decision.kind === 'ask') {
      const { question, before: shown } = await questionAbout(command, args, target);
      consent = await this.#ask(question, caller, entry);
      if (consent.answer === 'asked') return { kind: 'asked' };
      const isLate = consent.rung !== 'approval' && caller.person?.answersAnew !== true;
      before = isLate ? await this.#lookAgain(call, target, question.key, { ...entry, consent }) : shown;
    } else if (decision.effect !== 'read' && command.before) {
      before = await this.#look(call, target);
    }
    const { access } = target;
    const permit = passGate(command, secrets.args, { access, stored, yes: consent && { given: true } });
    if (permit.effect === 'read') return this.#read(call, caller, entry, () => this.#send(call, permit, target, caller));
    // Nothing may change of which no record can be made.
    this.#options.audit.record({ ...entry, ...(consent && { consent }), outcome: 'sent' });
    let generated: Readonly<Record<string, string>> | undefined;
    try {
      generated = secrets.store();
      const answered = await this.#send(call, permit, target, caller);
      const change = answered.kind === 'value' && before ? await this.#recordChange(call, target, before) : undefined;
      this.#ended({
        ...entry,
        ...endOf(answered),
        ...(change?.number !== undefined && { change: change.number }),
      });
      return { ...answered, ...(change && { change }), ...(generated && { generated }) };
    } catch (error) {
      const ended = outcomeOf(error);
      if (ended.outcome !== 'unknown') forgetGenerated(generated);
      this.#ended({ ...entry, ...ended });
      throw error;
    }
  }

  /** Returns the changes that were recorded, the newest first. */
  changes(options: { readonly limit?: number } = {}): readonly Change[] {
    return this.#options.journal.changes.list(options);
  }

  /**
   * Puts a change back by its inverse, a guarded call of its own. Throws MailStoreError when there is no such change or no way back, when it was put
   * back before, or when the object reads otherwise than the change left it.
   */
  async revert(number: number, caller: Caller): Promise<Answered | Asked> {
    const { changes } = this.#options.journal;
    const change = changes.get(number);
    if (!change) throw new MailStoreError('unknownChange', { number });
    const { revertedBy, inverse, target, argumentsShown, after } = change;
    if (revertedBy !== undefined) throw new MailStoreError('alreadyReverted', { number, by: revertedBy });
    const changed = findCommand(change.command);
    const command = inverse && findCommand(inverse.command);
    if (!changed?.before || !command) throw new MailStoreError('noWayBack', { number, reason: changed?.irreversible });
    const now = toJson((await lookAt(this.#target(target).client, changed.before, argumentsShown)).value);
    if (!isDeepStrictEqual(now, toJson(after))) {
      throw new MailStoreError('changedSince', { number, left: JSON.stringify(after), now: JSON.stringify(now) });
    }
    const args = z.strictObject(command.input).parse(inverse.args);
    const answered = await this.run({ command, args, target }, caller);
    if (answered.kind === 'value' && answered.change?.number !== undefined) changes.markReverted(number, answered.change.number);
    return answered;
  }

  /** Asks the server to stop a task. Throws MailStoreError when the access level does not cover what the task does, or it cannot be asked. */
  async cancel(taskId: string, caller: Caller): Promise<TaskRecord> {
    const task = await this.#options.runner.get(taskId);
    const command = findCommand(task.command);
    const target = this.#options.targets.get(task.target);
    if (!command || !target) return this.#options.runner.cancel(taskId);
    const effect: Effect = effectOfCall(command, task.argumentsShown) === 'read' ? 'read' : 'write';
    const isAllowed = allows(target.access, effect);
    const decision: Decision = isAllowed ? { kind: 'allow', effect } : { kind: 'refuse', effect, needed: 'read-write' };
    const call = { command, args: task.argumentsShown, target: task.target };
    const entry = { ...this.#entry(call, caller, decision), command: 'cancel-async', task: taskId };
    if (decision.kind === 'refuse') return this.#refuse(call, decision, entry, 'cancel_task');
    this.#options.audit.record({ ...entry, outcome: 'sent' });
    try {
      const cancelled = await this.#options.runner.cancel(taskId);
      this.#ended({ ...entry, outcome: isEnded(cancelled) ? cancelled.status : 'asked to stop' });
      return cancelled;
    } catch (error) {
      this.#ended({ ...entry, ...outcomeOf(error) });
      throw error;
    }
  }

  /** Records how a task has ended, whoever followed it. */
  taskEnded(task: TaskRecord): void {
    const target = this.#options.targets.get(task.target);
    const command = findCommand(task.command);
    if (!target || !command) return;
    const call = { command, args: task.argumentsShown, target: task.target };
    const effect = effectOfCall(command, task.argumentsShown);
    const { taskId, status, error, reason } = task;
    const said = error ?? reason;
    const entry = this.#entry(call, { by: 'mailstore-mcp' }, { kind: 'allow', effect });
    this.#ended({ ...entry, task: taskId, outcome: status, ...(said !== undefined && { error: said }) });
  }

  /** Climbs the ladder: an approval that a person has granted, the person at the client, and else a new approval to be granted elsewhere. */
  async #ask(question: Parameters<Person['ask']>[0], { person }: Caller, entry: AuditEntry): Promise<Consent> {
    const { audit, journal, approveCommand } = this.#options;
    const { tool, target, key: argumentsKey, shown } = question;
    const approvable = { tool, target, argumentsKey };
    const granted = journal.approvals.consume(approvable);
    if (granted !== undefined) return { rung: 'approval', answer: 'yes', shown, approvalId: granted };
    if (!person) {
      const { approvalId } = journal.approvals.request({
        ...approvable,
        shown,
        ...(question.typed !== undefined && { typed: question.typed }),
      });
      const refused = new MailStoreError('needsApproval', { tool, command: approveCommand(approvalId) });
      audit.record({ ...entry, consent: { rung: 'none', answer: 'not asked', shown, approvalId }, reason: refused.message });
      throw refused;
    }
    const { rung } = person;
    try {
      const { kind } = await person.ask(question);
      if (kind === 'yes') return { rung, answer: 'yes', shown };
      audit.record({ ...entry, consent: { rung, answer: kind, shown } });
      if (kind === 'asked') return { rung, answer: 'asked', shown };
    } catch (error) {
      if (isError(error, 'foreignAnswer')) audit.record({ ...entry, consent: { rung, answer: 'invalid', shown }, reason: error.message });
      throw error;
    }
    throw new MailStoreError('notConfirmed', { tool });
  }

  /** Reads the object again after a person took their time. Throws MailStoreError `foreignAnswer` when the yes was given to another one. */
  async #lookAgain({ command, args }: TaskCall, target: GuardedTarget, key: string, entry: AuditEntry): Promise<Before | undefined> {
    const { question, before } = await questionAbout(command, args, target);
    if (question.key === key) return before;
    const refused = new MailStoreError('foreignAnswer', { tool: question.tool });
    this.#options.audit.record({
      ...entry,
      ...(entry.consent && { consent: { ...entry.consent, answer: 'invalid' } }),
      reason: refused.message,
    });
    throw refused;
  }

  #refuse(call: TaskCall, { effect, needed }: Decision & { kind: 'refuse' }, entry: AuditEntry, tool = toolName(call.command.name)): never {
    const { name, access, hasOwnLimit } = this.#target(call.target);
    const refused = new MailStoreError('notAllowed', { tool, effect, access, needed, ...(hasOwnLimit && { limitedTarget: name }) });
    try {
      this.#options.audit.record({ ...entry, reason: refused.message });
    } catch (error) {
      // It is refused all the same.
      this.#options.log.error(error instanceof Error ? error.message : String(error));
    }
    throw refused;
  }

  async #read(call: TaskCall, caller: Caller, entry: AuditEntry, send: () => Promise<Answered>): Promise<Answered> {
    let ended: Partial<AuditEntry> = {};
    try {
      const answered = await send();
      ended = endOf(answered);
      return answered;
    } catch (error) {
      ended = outcomeOf(error);
      throw error;
    } finally {
      await this.#note({ ...entry, ...ended });
    }
  }

  /** Records what changed nothing: it is not held back where the audit cannot be written. */
  async #note(entry: AuditEntry): Promise<void> {
    try {
      await this.#options.audit.note(entry);
    } catch (error) {
      this.#options.log.error(`a call is missing in the audit: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #send(call: TaskCall, permit: ReturnType<typeof passGate>, { client }: GuardedTarget, { signal }: Caller): Promise<Answered> {
    const { runner } = this.#options;
    if (call.command.longRunning) return { kind: 'task', task: await runner.start(call, permit) };
    const outcome: Outcome = await client.send(await client.prepare(permit), { ...(signal && { signal }) });
    if (outcome.kind === 'value') return outcome;
    return { kind: 'task', task: await runner.follow(call, outcome) };
  }

  /** Finds the secrets before anybody is asked, so that nobody says yes to what cannot be sent. */
  async #secrets({ command, args }: TaskCall, entry: AuditEntry): Promise<Secrets> {
    try {
      const secrets = new Secrets(command, args, this.#options.secrets);
      for (const value of secrets.values) this.#options.redactor.add(value);
      return secrets;
    } catch (error) {
      await this.#note({ ...entry, ...outcomeOf(error) });
      throw error;
    }
  }

  async #look({ command, args }: TaskCall, { client }: GuardedTarget): Promise<Before | undefined> {
    if (!command.before) return undefined;
    try {
      return await lookAt(client, command.before, args);
    } catch (error) {
      if (error instanceof MailStoreError) return { value: undefined, isExact: false, failed: error.message };
      throw error;
    }
  }

  /** Reads the object again and keeps both versions with the way back. The call has succeeded by now, so nothing here may fail it. */
  async #recordChange(call: TaskCall, target: GuardedTarget, before: Before): Promise<ShownChange | undefined> {
    const { command, args } = call;
    if (!command.before) return undefined;
    const after = await this.#look(call, target);
    if (!after || after.failed !== undefined || before.failed !== undefined) {
      return {
        before: null,
        after: null,
        note: `It cannot be put back: what it changed could not be read (${before.failed ?? after?.failed}).`,
      };
    }
    const [was, is] = [toJson(before.value), toJson(after.value)];
    if (isDeepStrictEqual(was, is)) return { before: {}, after: {}, note: 'All that can be read of it is as before.' };
    const argumentsShown = maskSecrets(command, args);
    const way = (before.isExact && after.isExact && command.inverse?.(argumentsShown, before.value, after.value)) || null;
    // A read in which something was masked would be written back with the mask in it.
    const inverse = JSON.stringify(way).includes(MASK) ? null : way;
    try {
      const { number } = this.#options.journal.changes.record({
        command: command.name,
        target: target.name,
        argumentsShown,
        before: was,
        after: is,
        inverse,
        summary: `${command.title}: ${JSON.stringify(argumentsShown)}`,
      });
      return {
        number,
        ...differences(was, is),
        ...(!inverse && { note: command.irreversible ?? 'It cannot be put back: no call restores exactly what was read before it.' }),
      };
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.#options.log.error(`a change was not recorded: ${error.message}`);
      return { ...differences(was, is), note: `It cannot be put back: ${error.message}` };
    }
  }

  /** Reads what the effect depends on; undefined where it cannot be read, so that the worst is assumed. */
  async #stored(command: Command, args: Readonly<Record<string, unknown>>, { access, client }: GuardedTarget): Promise<unknown> {
    const { effectFrom } = command;
    if (!effectFrom || !allows(access, mildestEffect(command))) return undefined;
    try {
      return (await lookAt(client, effectFrom, args)).value;
    } catch (error) {
      if (error instanceof MailStoreError) return undefined;
      throw error;
    }
  }

  /** Records the end of what was recorded before it began; by now nothing can be refused any more. */
  #ended(entry: AuditEntry): void {
    try {
      this.#options.audit.record(entry);
    } catch (error) {
      this.#options.log.error(`an outcome is missing in the audit: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #entry({ command, args, target: name }: TaskCall, { by }: Caller, { kind, effect }: Decision): AuditEntry {
    const { origin, user } = this.#target(name);
    const call = randomUUID();
    return { call, by, target: name, origin, user, command: command.name, effect, arguments: maskSecrets(command, args), decision: kind };
  }

  #target(name: string): GuardedTarget {
    const target = this.#options.targets.get(name);
    if (!target) throw new MailStoreError('unknownTarget', { target: name, known: [...this.#options.targets.keys()] });
    return target;
  }
}

/** Decides, and of what is refused even in its mildest form, on which nothing was read, says what that form needs. */
function judge(command: Command, args: Readonly<Record<string, unknown>>, access: Access, stored: unknown): Decision {
  const mildest = mildestEffect(command);
  if (command.effectFrom && !allows(access, mildest)) return { kind: 'refuse', effect: mildest, needed: neededAccess(mildest) };
  return decide(command, args, access, stored);
}

interface Before extends ReadValue {
  /** Why it could not be read. */
  readonly failed?: string;
}

function endOf(answered: Answered): Pick<AuditEntry, 'outcome' | 'task'> {
  return answered.kind === 'task' ? { outcome: answered.task.status, task: answered.task.taskId } : { outcome: 'succeeded' };
}

function outcomeOf(error: unknown): Pick<AuditEntry, 'outcome' | 'error'> {
  if (error instanceof CommandFailed) return { outcome: 'failed', error: error.message };
  if (error instanceof MailStoreError) return { outcome: mayHaveBegun(error) ? 'unknown' : 'not sent', error: error.message };
  return { outcome: 'unknown', error: error instanceof Error ? error.name : 'an error' };
}

/** As it reads back from the record: without what is undefined. */
function toJson(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** Leaves out of two objects the fields that read the same. */
function differences(before: unknown, after: unknown): { readonly before: unknown; readonly after: unknown } {
  if (!isRow(before) || !isRow(after)) return { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isDeepStrictEqual(before[name], after[name]),
  );
  const pick = (from: Readonly<Record<string, unknown>>) => Object.fromEntries(names.map((name) => [name, from[name] ?? null]));
  return { before: pick(before), after: pick(after) };
}
