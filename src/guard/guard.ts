import { findCommand } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import { InFlight } from '../base/in-flight.ts';
import type { Log } from '../base/log.ts';
import type { Redactor } from '../base/redact.ts';
import type { Access } from '../base/target.ts';
import type { Command, Effect } from '../catalogue/define-command.ts';
import { toolName } from '../catalogue/naming.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { AuditEntry } from '../audit/audit-record.ts';
import type { Change } from '../journal/change-journal.ts';
import type { Journal } from '../journal/journal.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import { allows, neededAccess } from '../policy/access.ts';
import { decide, effectOfCall, mildestEffect, type Decision } from '../policy/decide.ts';
import { passGate, type Permit } from '../policy/gate.ts';
import type { TaskCall, TaskRunner } from '../tasks/runner.ts';
import { AuditTrail, outcomeOf } from './audit-trail.ts';
import type { AdmittedCall, Answered, Asked, Caller, GuardedTarget } from './call.ts';
import { Changes } from './changes.ts';
import { Consent } from './consent.ts';
import { lookAt } from './question.ts';
import { forgetGenerated, Secrets, type SecretSources } from './secrets.ts';

export interface GuardOptions {
  readonly targets: ReadonlyMap<string, GuardedTarget>;
  readonly journal: Journal;
  readonly audit: AuditLog;
  readonly runner: TaskRunner;
  readonly secrets: SecretSources;
  readonly redactor: Redactor;
  /** Returns the command line by which a person grants an approval of this record. */
  readonly approveCommand: (approvalId: string) => string;
  readonly log: Log;
}

/** Stands between every way to call a command and the wire: decides, asks, records, runs, and keeps what is needed to go back. */
export class Guard {
  readonly #options: GuardOptions;
  readonly #trail: AuditTrail;
  readonly #consent: Consent;
  readonly #changes: Changes;
  readonly #inFlight = new InFlight();
  #isEnding = false;

  constructor(options: GuardOptions) {
    const { audit, journal, approveCommand, log } = options;
    this.#options = options;
    this.#trail = new AuditTrail(audit, log);
    this.#consent = new Consent({ approvals: journal.approvals, trail: this.#trail, approveCommand });
    this.#changes = new Changes(journal.changes, log);
  }

  /**
   * Runs a call, or returns `asked` while its question is on its way. Throws MailStoreError when the call is refused, has no yes, or fails. Every
   * call leaves its lines in the audit.
   */
  run(request: TaskCall, caller: Caller): Promise<Answered | Asked> {
    return this.#inFlight.add(this.#run(request, caller));
  }

  /** Sends no change from now on, and resolves when what is in flight has been answered and recorded. */
  async close(): Promise<void> {
    this.#isEnding = true;
    await this.#inFlight.settle();
  }

  async #run(request: TaskCall, caller: Caller): Promise<Answered | Asked> {
    const call = await this.#admit(request, caller);
    const consent = await this.#consent.obtain(call);
    if (consent.kind === 'asked') return consent;
    const permit = passGate(request.command, call.secrets.args, {
      access: call.target.access,
      stored: call.stored,
      yes: consent.record && { given: true },
    });
    if (this.#isEnding && permit.effect !== 'read') this.#refuseToBegin(call);
    return this.#trail.around(call, consent.record, () => this.#changes.around(call, consent.before, () => this.#execute(call, permit)));
  }

  /** Returns the recorded changes, newest first. */
  changes(options: { readonly limit?: number } = {}): readonly Change[] {
    return this.#changes.list(options);
  }

  /**
   * Puts a change back by its inverse, a guarded call of its own. Throws MailStoreError when there is no such change or no way back, when it was put
   * back before, or when the object reads otherwise than the change left it.
   */
  async revert(number: number, caller: Caller): Promise<Answered | Asked> {
    const change = this.#changes.revertible(number);
    const inverse = await this.#changes.inverseCall(change, this.#target(change.target));
    const answered = await this.run(inverse, caller);
    if (answered.kind === 'value') this.#changes.markReverted(number, answered);
    return answered;
  }

  /** Asks the server to stop a task. Throws MailStoreError when the access level does not cover what the task does, or it cannot be asked. */
  cancel(taskId: string, caller: Caller): Promise<TaskRecord> {
    return this.#inFlight.add(this.#cancel(taskId, caller));
  }

  async #cancel(taskId: string, caller: Caller): Promise<TaskRecord> {
    const task = await this.#options.runner.get(taskId);
    const command = findCommand(task.command);
    const target = this.#options.targets.get(task.target);
    if (!command || !target) return this.#options.runner.cancel(taskId);
    const effect: Effect = effectOfCall(command, task.argumentsShown) === 'read' ? 'read' : 'write';
    const isAllowed = allows(target.access, effect);
    const decision: Decision = isAllowed ? { kind: 'allow', effect } : { kind: 'refuse', effect, needed: 'read-write' };
    const request = { command, args: task.argumentsShown, target: task.target };
    const entry = { ...this.#trail.open(request, caller, target, decision), command: 'cancel-async', task: taskId };
    if (decision.kind === 'refuse') return this.#refuse('cancel_task', decision, target, entry);
    this.#trail.sent(entry);
    try {
      const cancelled = await this.#options.runner.cancel(taskId);
      this.#trail.ended(entry, { outcome: isEnded(cancelled) ? cancelled.status : 'cancel_requested' });
      return cancelled;
    } catch (error) {
      this.#trail.ended(entry, outcomeOf(error));
      throw error;
    }
  }

  /** Records the end of a task, whichever process followed it. */
  taskEnded(task: TaskRecord): void {
    const target = this.#options.targets.get(task.target);
    const command = findCommand(task.command);
    if (!target || !command) return;
    const request = { command, args: task.argumentsShown, target: task.target };
    const { taskId, status, error, reason } = task;
    const said = error ?? reason;
    const decision: Decision = { kind: 'allow', effect: effectOfCall(command, task.argumentsShown) };
    const entry = this.#trail.open(request, { client: 'mailstore-mcp' }, target, decision);
    this.#trail.ended(entry, { task: taskId, outcome: status, ...(said !== undefined && { error: said }) });
  }

  /** Decides on a call and finds its secrets. Throws MailStoreError when it is refused or a secret is not there. */
  async #admit(request: TaskCall, caller: Caller): Promise<AdmittedCall> {
    const { command, args } = request;
    const target = this.#target(request.target);
    const stored = await this.#readStored(command, args, target);
    const decision = judge(command, args, target.access, stored);
    const entry = this.#trail.open(request, caller, target, decision);
    if (decision.kind === 'refuse') return this.#refuse(toolName(command.name), decision, target, entry);
    // Before a person is asked: nobody should say yes to a call that cannot be sent.
    const secrets = await this.#findSecrets(request, entry);
    return { request, caller, target, decision, stored, secrets, entry };
  }

  #refuse(
    tool: string,
    { effect, needed }: Decision & { kind: 'refuse' },
    { name, access, hasOwnLimit }: GuardedTarget,
    entry: AuditEntry,
  ): never {
    const refused = new MailStoreError('notAllowed', { tool, effect, access, needed, ...(hasOwnLimit && { limitedTarget: name }) });
    this.#trail.refused(entry, refused);
    throw refused;
  }

  #refuseToBegin({ request, entry }: AdmittedCall): never {
    const refused = new MailStoreError('serverEnding', { tool: toolName(request.command.name) });
    this.#trail.refused(entry, refused);
    throw refused;
  }

  async #findSecrets({ command, args }: TaskCall, entry: AuditEntry): Promise<Secrets> {
    try {
      const secrets = new Secrets(command, args, this.#options.secrets);
      for (const value of secrets.values) this.#options.redactor.add(value);
      return secrets;
    } catch (error) {
      await this.#trail.noted(entry, outcomeOf(error));
      throw error;
    }
  }

  /** Reads what the effect depends on; undefined if it cannot be read, so that the worst is assumed. */
  async #readStored(command: Command, args: Readonly<Record<string, unknown>>, { access, client }: GuardedTarget): Promise<unknown> {
    const { effectFrom } = command;
    if (!effectFrom || !allows(access, mildestEffect(command))) return undefined;
    try {
      return (await lookAt(client, effectFrom, args)).value;
    } catch (error) {
      if (error instanceof MailStoreError) return undefined;
      throw error;
    }
  }

  /** Sends a permitted call. Files of generated secrets stay unless the call surely changed nothing. */
  async #execute({ request, target, caller, secrets, decision }: AdmittedCall, permit: Permit): Promise<Answered> {
    const generated = decision.effect === 'read' ? undefined : secrets.store();
    try {
      const answered = await this.#send(request, permit, target, caller);
      return { ...answered, ...(generated && { generated }) };
    } catch (error) {
      if (outcomeOf(error).outcome !== 'unknown') forgetGenerated(generated);
      throw error;
    }
  }

  async #send(request: TaskCall, permit: Permit, { client }: GuardedTarget, { signal }: Caller): Promise<Answered> {
    const { runner } = this.#options;
    if (request.command.longRunning) return { kind: 'task', task: await runner.start(request, permit) };
    // A change is not aborted when its caller leaves: only its answer says whether it was made.
    const outcome = await client.send(await client.prepare(permit), { ...(permit.effect === 'read' && signal && { signal }) });
    if (outcome.kind === 'value') return outcome;
    return { kind: 'task', task: await runner.follow(request, outcome) };
  }

  #target(name: string): GuardedTarget {
    const target = this.#options.targets.get(name);
    if (!target) throw new MailStoreError('unknownTarget', { target: name, known: [...this.#options.targets.keys()] });
    return target;
  }
}

/** Decides on a call. A command that is refused even in its mildest form, for which nothing was read, is refused as that form. */
function judge(command: Command, args: Readonly<Record<string, unknown>>, access: Access, stored: unknown): Decision {
  const mildest = mildestEffect(command);
  if (command.effectFrom && !allows(access, mildest)) return { kind: 'refuse', effect: mildest, needed: neededAccess(mildest) };
  return decide(command, args, access, stored);
}
