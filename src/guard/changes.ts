import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import { keepArguments, keepText, keepValue } from '../base/keep-bounded.ts';
import { REVERTIBLE_CHARACTERS } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { isRow } from '../base/rows.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import { MASK } from '../masking/masks.ts';
import type { Change, ChangeJournal, NewChange, SettledChange } from '../journal/change-journal.ts';
import type { PageRequest, RowPage } from '../journal/page.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import type { TaskCall } from '../tasks/runner.ts';
import type { AdmittedCall, Answered, GuardedTarget, ObjectState, ShownChange } from './call.ts';
import { lookAt, type SharedReads } from './question.ts';

/** Reads the object of a write before and after it, keeps both with the call that puts it back, and prepares that call. */
export class Changes {
  readonly #journal: ChangeJournal;
  readonly #log: Log;

  constructor(journal: ChangeJournal, log: Log) {
    this.#journal = journal;
    this.#log = log;
  }

  /** Reads the object of a call before it; a failure is part of what it returns. Undefined where the call has none. */
  readBefore(
    { request, target, time }: Pick<AdmittedCall, 'request' | 'target' | 'time'>,
    shared: SharedReads,
  ): Promise<ObjectState | undefined> {
    return this.#read(request, target, time.deadline, shared);
  }

  /** Executes a call whose object was read before, and reads it again afterwards. */
  async around(call: AdmittedCall, was: ObjectState | undefined, execute: () => Promise<Answered>): Promise<Answered> {
    const { request, target, decision } = call;
    const { deadline } = call.time;
    if (decision.effect === 'read') return execute();
    // A call that was answered before its change was made is held by nothing that is read after it.
    const left = () => (deadline.isOver ? undefined : deadline);
    let answered: Answered;
    try {
      answered = await execute();
    } catch (error) {
      throw was ? await this.#keepAfter(error, request, target, { was, deadline: left() }) : error;
    }
    if (!was) return answered;
    if (answered.kind === 'task') return this.#recordRun(request, target, was, answered);
    const change = await this.#record(request, target, was, { deadline: left() });
    return { ...answered, ...(change && { change }) };
  }

  /** Keeps what was read before a call that failed and may have changed something. Returns the error, with the number of the recorded change. */
  async #keepAfter(
    error: unknown,
    request: TaskCall,
    target: GuardedTarget,
    { was, deadline }: { readonly was: ObjectState; readonly deadline: Deadline | undefined },
  ): Promise<unknown> {
    const isKnown = error instanceof MailStoreError;
    if (isKnown && !error.mayHaveChanged) return error;
    const change = await this.#record(request, target, was, { deadline, isOutcomeKnown: false });
    return isKnown && change?.number !== undefined ? error.in({ keptChange: change.number }) : error;
  }

  /** Returns one page of the recorded changes, newest first. */
  page(request: PageRequest): Promise<RowPage<Change>> {
    return this.#journal.page(request);
  }

  /** Returns a change. Throws MailStoreError `unknownChange` when there is none with this number. */
  async get(number: number): Promise<Change> {
    const change = await this.#journal.get(number);
    if (!change) throw new MailStoreError('unknownChange', { number });
    return change;
  }

  /**
   * Returns the call that puts a change back in its archive. Throws MailStoreError when it was put back before, has no way back, or its object reads
   * otherwise than the change left it. A change whose object could not be read afterwards is put back without that comparison.
   */
  async inverseCall({ number, ...change }: Change, { name, client }: GuardedTarget, deadline: Deadline): Promise<TaskCall> {
    const { revertedBy, inverse, run } = change;
    if (revertedBy !== undefined) throw new MailStoreError('alreadyReverted', { number, by: revertedBy });
    if (run) throw new MailStoreError('changeUnderWay', { number, taskId: run.taskId });
    const { find } = client.catalogue;
    const changed = find(change.command);
    if (!inverse) throw new MailStoreError('noWayBack', { number, reason: changed?.irreversible });
    const command = find(inverse.command);
    if (!changed?.before || !command) throw new MailStoreError('noWayBack', { number, reason: changed?.irreversible });
    const now = toJson((await lookAt(client, changed.before, { command: changed, args: change.argumentsMasked }, { deadline })).value);
    if (change.afterUnreadBecause === undefined && !isDeepStrictEqual(now, toJson(change.after))) {
      throw new MailStoreError('changedSince', { number, left: JSON.stringify(change.after), now: JSON.stringify(now) });
    }
    return { command, args: z.strictObject(command.input).parse(inverse.args), target: name };
  }

  /** Records that a change was put back by another. Never rejects for a fault of the journal: the change was put back. */
  async markReverted(number: number, { change }: Answered): Promise<void> {
    if (change?.number === undefined) return;
    try {
      await this.#journal.markReverted(number, change.number);
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.#log.error(`the change ${number} was put back, which is not recorded: ${error.message}`);
    }
  }

  /** Reads the object of a call; a failure is part of what it returns. */
  async #read(
    { command, args }: TaskCall,
    { client }: GuardedTarget,
    deadline: Deadline | undefined,
    shared: SharedReads = new Map(),
  ): Promise<ObjectState | undefined> {
    if (!command.before) return undefined;
    try {
      return await lookAt(client, command.before, { command, args }, { deadline, shared });
    } catch (error) {
      if (error instanceof MailStoreError) return { value: undefined, isExact: false, drift: [], failed: error.message };
      throw error;
    }
  }

  /**
   * Reads the object again and keeps both versions with the call that undoes it. The call is over by now, so nothing here may fail it. Where its outcome is not
   * known it may still be carried out, so an object that reads as before proves nothing.
   */
  async #record(
    request: TaskCall,
    target: GuardedTarget,
    before: ObjectState,
    { deadline, isOutcomeKnown = true }: { readonly deadline: Deadline | undefined; readonly isOutcomeKnown?: boolean },
  ): Promise<ShownChange | undefined> {
    const { command, args } = request;
    if (before.failed !== undefined) return unreadable(before.failed);
    let after = await this.#read(request, target, deadline);
    if (!after) return undefined;
    if (after.failed === undefined && isDeepStrictEqual(toJson(before.value), toJson(after.value))) {
      if (isOutcomeKnown) return { before: {}, after: {}, note: 'All that can be read of it is as before.' };
      after = { value: undefined, isExact: false, drift: [], failed: PERHAPS_LATER };
    }
    const [was, is] = [toJson(before.value), toJson(after.value)];
    const argumentsMasked = maskSecrets(command, args);
    const way = findWay(request, target, before, after);
    const { size, ...kept } = keepChange({ argumentsMasked, before: was, after: is, inverse: way });
    const { inverse } = kept;
    const shown = after.failed === undefined ? differences(was, is) : { before: was, after: null };
    const notes = [
      after.failed !== undefined && `What it is now could not be read (${after.failed}).`,
      way &&
        !inverse &&
        `It cannot be put back: what would have to be kept for it has ${size} characters, and ${REVERTIBLE_CHARACTERS} are kept.`,
      !way && (command.irreversible ?? 'It cannot be put back: no call restores exactly what was read before it.'),
    ].filter((note) => typeof note === 'string');
    const note = notes.length > 0 && { note: notes.join(' ') };
    try {
      const { number } = await this.#journal.record({
        ...describeCall(request, target, kept.argumentsMasked),
        ...kept,
        ...(after.failed !== undefined && { afterUnreadBecause: keepText(after.failed) }),
      });
      return { number, ...shown, ...note };
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.#log.error(`a change was not recorded: ${error.message}`);
      return { ...shown, note: `It cannot be put back: ${error.message}` };
    }
  }

  /**
   * Keeps what was read before a write that has become a task; `settle` adds what it is after its end. The note of the task says so. A call that is
   * already running with the same arguments has its change.
   */
  async #recordRun(
    request: TaskCall,
    target: GuardedTarget,
    before: ObjectState,
    answered: Answered & { readonly kind: 'task' },
  ): Promise<Answered> {
    const { command, args } = request;
    const { taskId, note } = answered.task;
    const withNote = (sentence: string, change?: ShownChange): Answered => ({
      ...answered,
      task: { ...answered.task, note: [note, sentence].filter((part) => part !== undefined).join(' ') },
      ...(change && { change }),
    });
    if (before.failed !== undefined) return withNote(unreadable(before.failed).note ?? '');
    try {
      const known = await this.#journal.findByRun(taskId);
      const argumentsMasked = maskSecrets(command, args);
      const { size, ...kept } = keepChange(
        { argumentsMasked, before: toJson(before.value), after: null, inverse: findWay(request, target, before) },
        { isRun: true },
      );
      const { number } =
        known ??
        (await this.#journal.record({
          ...describeCall(request, target, kept.argumentsMasked),
          ...kept,
          afterUnreadBecause: UNDER_WAY,
          run: { taskId, isExact: before.isExact && size <= REVERTIBLE_CHARACTERS },
        }));
      return withNote(`What was read before it is kept as the change ${number}.`, { number, before: toJson(before.value), after: null });
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      this.#log.error(`a change was not recorded: ${error.message}`);
      return withNote(`It cannot be put back: ${error.message}`);
    }
  }

  /**
   * Reads the object of the change that a task made, when the task has ended, and keeps it with the call that undoes it. Returns the number of the change;
   * undefined where the task made none, or its change was settled before. Throws MailStoreError when the journal cannot be written.
   */
  async settle(task: TaskRecord, target: GuardedTarget): Promise<number | undefined> {
    const change = isEnded(task) ? await this.#journal.findByRun(task.taskId) : undefined;
    const command = change && target.client.catalogue.find(change.command);
    if (!change?.run || !command) return undefined;
    const { number, argumentsMasked, run } = change;
    const before = { value: change.before ?? undefined, isExact: run.isExact, drift: [] };
    const request = { command, args: argumentsMasked, target: target.name };
    const after = await this.#read(request, target, undefined);
    if (!after) return undefined;
    await this.#journal.settle(number, settleChange(request, target, { before, after, status: task.status }));
    return number;
  }
}

/** Why what a change has left is not known while its task runs. */
const UNDER_WAY = 'The task that makes it has not ended yet.';

function settleChange(
  request: TaskCall,
  target: GuardedTarget,
  { before, after, status }: { readonly before: ObjectState; readonly after: ObjectState; readonly status: TaskRecord['status'] },
): SettledChange {
  const isAsBefore = after.failed === undefined && isDeepStrictEqual(toJson(before.value), toJson(after.value));
  // A task whose end is not known may still be carried out, so an object that reads as before proves nothing.
  const unread = after.failed ?? (isAsBefore && status === 'unknown' ? PERHAPS_LATER : undefined);
  if (unread !== undefined) return { after: null, afterUnreadBecause: keepText(unread), inverse: findWay(request, target, before) };
  if (isAsBefore) return { after: toJson(after.value), inverse: null };
  const { after: kept, inverse } = keepChange({
    argumentsMasked: request.args,
    before: toJson(before.value),
    after: toJson(after.value),
    inverse: findWay(request, target, before, after),
  });
  return { after: kept, inverse };
}

/** Returns the call that puts a change back; null where what was read does not allow it. Without `after`, it was not read. */
function findWay({ command, args }: TaskCall, { client }: GuardedTarget, before: ObjectState, after?: ObjectState): NewChange['inverse'] {
  const argumentsMasked = maskSecrets(command, args);
  const isExact = before.isExact && (after === undefined || after.isExact || after.failed !== undefined);
  const is = after === undefined || after.failed !== undefined ? undefined : (after.value ?? null);
  const declared = isExact && command.inverse?.(argumentsMasked, before.value, is);
  const way = declared ? client.catalogue.inScope({ command, args: argumentsMasked }, declared) : null;
  // A read in which something was masked would be written back with the mask in it.
  return JSON.stringify(way).includes(MASK) ? null : way;
}

function describeCall({ command }: TaskCall, { name, origin, user }: GuardedTarget, kept: NewChange['argumentsMasked']) {
  return {
    command: command.name,
    target: name,
    origin,
    login: user,
    summary: keepText(`${command.title}: ${JSON.stringify(kept)}`),
  };
}

/** Why what was read after a call is not taken for what the call has left. */
const PERHAPS_LATER = 'The outcome of the call is not known, and directly after it the object read as before.';

/**
 * What is kept of a change that can be put back, or of a run whose end may show how, is never cut, since it would be put back as something else; too
 * large a one has no way back.
 */
function keepChange(
  change: Pick<NewChange, 'argumentsMasked' | 'before' | 'after' | 'inverse'>,
  { isRun = false }: { readonly isRun?: boolean } = {},
): typeof change & { readonly size: number } {
  const size = JSON.stringify(change).length;
  if ((change.inverse || isRun) && size <= REVERTIBLE_CHARACTERS) return { ...change, size };
  const keepState = (state: unknown) => (isRow(state) ? keepArguments(state) : keepValue(state));
  const { argumentsMasked, before, after } = change;
  return { argumentsMasked: keepArguments(argumentsMasked), before: keepState(before), after: keepState(after), inverse: null, size };
}

function unreadable(reason: string): ShownChange {
  return { before: null, after: null, note: `It cannot be put back: what it changed could not be read (${reason}).` };
}

/** Returns a value as it reads back from the journal: without what is undefined. */
function toJson(value: unknown): unknown {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}

/** Returns what of an object differs between two reads of it; undefined where nothing does, or one of them failed. */
export function findDifference(
  was: ObjectState | undefined,
  is: ObjectState | undefined,
): { readonly before: unknown; readonly after: unknown } | undefined {
  if (!was || !is || was.failed !== undefined || is.failed !== undefined) return undefined;
  const [before, after] = [toJson(was.value), toJson(is.value)];
  return isDeepStrictEqual(before, after) ? undefined : differences(before, after);
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
