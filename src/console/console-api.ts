import * as z from 'zod';
import type { Clock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { toVisible, visibleValue } from '../base/escape-hidden.ts';
import type { Log } from '../base/log.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { ApprovalEntry } from '../audit/audit-record.ts';
import { closeFiles, openFiles, parseLine, readLines } from '../audit/read-audit.ts';
import { verifyAudit } from '../audit/verify-audit.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { ROOMS, type Room } from '../catalogue/insight-view.ts';
import { decideApproval, findPendingApproval } from '../guard/decide-approval.ts';
import type { Guard } from '../guard/guard.ts';
import type { AskedQuestion } from '../guard/prompter.ts';
import type { Journal } from '../journal/journal.ts';
import { Questions } from '../tester/web/page-prompter.ts';
import type { AnswerRequest, TargetInfo } from '../tester/web/protocol.ts';
import { nothingHere, readRequest } from '../tester/web/site.ts';
import {
  RECORD_FILTERS,
  type ConsoleContents,
  type DecideRequest,
  type Inbox,
  type RecordEntry,
  type RecordPage,
  type RecordQuery,
  type RoomAnswer,
  type RecordVerdict,
  type WorkEvent,
} from './protocol.ts';
import { CSV_HEAD, describeLine, findLines, makeFilter, writeCsvRow } from './record.ts';

export interface ConsoleOptions {
  readonly guard: Guard;
  readonly journal: Journal;
  readonly audit: AuditLog;
  /** The folder of the record. */
  readonly stateDir: string;
  readonly targets: readonly TargetInfo[];
  /** The catalogue of each target. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  readonly timeZone: string;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Shows the code of a question where only a person at the terminal sees it. Absent if there is no terminal: then nothing is decided here. */
  readonly showCode?: ((code: string, question: AskedQuestion) => void) | undefined;
  /** This process, for the record of a decision. */
  readonly decidedBy: ApprovalEntry['decidedBy'];
  /** The command that decides in a terminal. */
  readonly approveCommand: string;
}

const EXPORT_FORMATS = ['jsonl', 'csv'] as const;

const day = z.iso.date();
const answerRequest: z.ZodType<AnswerRequest> = z.strictObject({ id: z.string(), answer: z.string(), code: z.string().optional() });
const decideRequest: z.ZodType<DecideRequest> = z.strictObject({ approvalId: z.string(), how: z.enum(['grant', 'refuse']) });
const revertRequest = z.strictObject({ number: z.int().positive() });
const recordQuery: z.ZodType<RecordQuery> = z.strictObject({
  show: z.enum(RECORD_FILTERS).default('notable'),
  text: z.string().max(200).optional(),
  since: day.optional(),
  until: day.optional(),
  limit: z.coerce.number().int().min(1).max(2000).default(100),
});
const roomQuery = z.strictObject({ target: z.string().default(''), offset: z.coerce.number().int().min(0).max(10_000_000).optional() });
const exportQuery = z.strictObject({ format: z.enum(EXPORT_FORMATS) });

/** An export of the record, line by line, the oldest first. */
export interface Export {
  readonly fileName: string;
  readonly type: string;
  readonly lines: AsyncIterable<Buffer | string>;
}

/** The operations that the console's server offers, independent of HTTP. */
export class ConsoleApi {
  readonly #options: ConsoleOptions;
  /** Absent if no terminal can show the codes of questions: then nothing is decided here. */
  readonly #questions: Questions | undefined;

  constructor(options: ConsoleOptions) {
    this.#options = options;
    this.#questions = options.showCode && new Questions(options.showCode);
  }

  contents(): ConsoleContents {
    const { version, targets, timeZone, catalogues } = this.#options;
    const insights = [...catalogues.values()].flatMap((catalogue) => catalogue.insights);
    const rooms = ROOMS.filter((room) => insights.some((insight) => insight.room?.name === room));
    return { version, targets, timeZone, rooms, canDecide: this.#questions !== undefined };
  }

  /**
   * Asks the insight of a room, from an offset where it has one; `signal` aborts when the page has gone. Throws BadRequest for a room or a target that
   * there is not, and for an offset that is none.
   */
  async room(name: string, query: URLSearchParams, signal: AbortSignal): Promise<RoomAnswer> {
    const { guard, catalogues, timeZone, clock } = this.#options;
    const { target, offset } = readRequest(roomQuery, Object.fromEntries(query));
    const insight = catalogues.get(target)?.insights.find(({ room }) => room?.name === (name as Room)) ?? nothingHere();
    try {
      const args = z
        .strictObject(insight.input)
        .parse({ ...insight.room?.args, ...(offset !== undefined && 'offset' in insight.input && { offset }) });
      const readAt = new Date(clock.now()).toISOString();
      const { headline, view, notLookedAt, failedReads } = await guard.answer(insight, args, {
        target,
        caller: { client: 'console', signal },
        timeZone,
        isDrawn: true,
      });
      if (!view) return { problem: toVisible(headline) };
      const notRead = failedReads.map(({ tool, reason, times }) => `${tool}${times > 1 ? ` (${times} times)` : ''}: ${reason}`);
      return visibleValue({ headline, view, notLookedAt, notRead, readAt }) as RoomAnswer;
    } catch (error) {
      // No one reads the answer to a page that has gone.
      return { problem: signal.aborted ? 'The page has gone.' : this.#readMessage(error) };
    }
  }

  async inbox(): Promise<Inbox> {
    const { journal, approveCommand } = this.#options;
    const pending = (await journal.approvals.list()).filter(({ state }) => state === 'pending');
    return {
      command: approveCommand,
      questions: visibleValue(
        pending.map(({ approvalId, label, tool, target, prompt, requestedAt, expiresAt }) => ({
          approvalId,
          label,
          tool,
          target,
          prompt,
          requestedAt,
          expiresAt,
        })),
      ) as Inbox['questions'],
    };
  }

  /** Grants an approval after its question and code, or refuses it, and reports how that ended; `signal` aborts when the page has gone. */
  async decide(body: unknown, tell: (event: WorkEvent) => void, signal: AbortSignal): Promise<void> {
    const { approvalId, how } = readRequest(decideRequest, body);
    const { journal, audit, decidedBy } = this.#options;
    await this.#work(tell, async (questions) => {
      const approval = await findPendingApproval(journal, approvalId);
      if (how === 'grant') {
        const { kind } = await questions.prompter((question) => tell({ kind: 'question', ...question }), signal).ask(approval);
        if (kind !== 'accepted') return 'It was not granted. It can still be, until it expires.';
      }
      await decideApproval({ approvals: journal.approvals, audit }, approval, how, decidedBy);
      return how === 'grant' ? 'Granted. The call can be made again now, with the same arguments.' : 'Refused.';
    });
  }

  /** Puts a change back through the guard, with its question, and reports how that ended; `signal` aborts when the page has gone. */
  async revert(body: unknown, tell: (event: WorkEvent) => void, signal: AbortSignal): Promise<void> {
    const { number } = readRequest(revertRequest, body);
    await this.#work(tell, async (questions) => {
      const prompter = questions.prompter((question) => tell({ kind: 'question', ...question }), signal);
      const answered = await this.#options.guard.revert(number, { client: 'console', prompter });
      if (answered.kind === 'task') return `It runs as the task ${answered.task.taskId}.`;
      const by = answered.kind === 'value' ? answered.change?.number : undefined;
      return `The change ${number} was put back${by === undefined ? '' : `, as change ${by}`}.`;
    });
  }

  /** Settles the question that waits on the page. */
  answer(body: unknown): { readonly isKnown: boolean } {
    const given = readRequest(answerRequest, body);
    return { isKnown: this.#questions?.answer(given) ?? false };
  }

  async record(query: URLSearchParams): Promise<RecordPage> {
    const { stateDir, timeZone } = this.#options;
    const { lines, ...found } = await findLines(stateDir, readRequest(recordQuery, Object.fromEntries(query)), timeZone);
    const changes = await this.#findChanges(lines.flatMap(({ change }) => (typeof change === 'number' ? [change] : [])));
    const entries = lines.map((line): RecordEntry => {
      const change = changes.get(Number(line['change']));
      return { ...describeLine(line), ...(change && { change }) };
    });
    return { ...found, entries: visibleValue(entries) as readonly RecordEntry[] };
  }

  async #findChanges(numbers: readonly number[]): Promise<ReadonlyMap<number, NonNullable<RecordEntry['change']>>> {
    if (numbers.length === 0) return new Map();
    const { rows } = await this.#options.guard.changes({ limit: numbers.length, where: { number: numbers } });
    return new Map(
      rows.map(({ number, summary, before, after, inverse, revertedBy }) => [
        number,
        {
          number,
          summary,
          before,
          after,
          canRevert: inverse !== null && revertedBy === undefined,
          ...(revertedBy !== undefined && { revertedBy }),
        },
      ]),
    );
  }

  /** Returns the lines that fit a query as a file: JSON lines exactly as they are on the disk, or CSV. */
  export(query: URLSearchParams): Export {
    const { format, ...rest } = Object.fromEntries(query);
    const chosen = readRequest(exportQuery, { format }).format;
    const { stateDir, timeZone, clock } = this.#options;
    const fits = makeFilter(readRequest(recordQuery, rest), timeZone);
    const lines = async function* () {
      if (chosen === 'csv') yield CSV_HEAD;
      const opened = await openFiles(stateDir);
      try {
        for (const file of opened) {
          for await (const { bytes } of readLines(file)) {
            const line = parseLine(bytes) ?? { unreadable: bytes.toString('utf8') };
            if (bytes.length > 0 && fits(line)) yield chosen === 'csv' ? writeCsvRow(line) : Buffer.concat([bytes, Buffer.from('\n')]);
          }
        }
      } finally {
        await closeFiles(opened);
      }
    };
    return {
      fileName: `mailstore-audit-${new Date(clock.now()).toISOString().slice(0, 10)}.${chosen}`,
      type: chosen === 'csv' ? 'text/csv; charset=utf-8' : 'application/jsonl; charset=utf-8',
      lines: lines(),
    };
  }

  async verify(): Promise<RecordVerdict> {
    const { stateDir, journal } = this.#options;
    const { lines, chains, files, last, since = '', problems, notes } = await verifyAudit(stateDir, journal.audit);
    const count = (number: number, noun: string) => `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`;
    const isIntact = problems.length === 0 && last !== undefined;
    return visibleValue({
      isIntact,
      says: isIntact
        ? `Intact: ${count(lines, 'line')} of ${count(chains, 'chain')} in ${count(files, 'file')}, unbroken from ${since} on.`
        : last
          ? 'Not intact: the audit is not as it was written.'
          : 'There is no line to verify. If calls were made, their record was removed.',
      problems: problems.map(({ file, line, says }) => `${file}${line === undefined ? '' : `, line ${line}`}: ${says}`),
      notes,
      ...(last && { last: `${last.chain}:${last.number}:${last.hash}` }),
    }) as RecordVerdict;
  }

  /** Does what takes a person at the terminal, and reports how it ended. */
  async #work(tell: (event: WorkEvent) => void, act: (questions: Questions) => Promise<string>): Promise<void> {
    try {
      if (!this.#questions) throw new MailStoreError('noTerminal', { what: 'console' });
      tell({ kind: 'done', says: await act(this.#questions) });
    } catch (error) {
      tell({ kind: 'problem', problem: this.#readMessage(error) });
    }
  }

  #readMessage(error: unknown): string {
    if (error instanceof MailStoreError) return error.message;
    this.#options.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return new MailStoreError('internal', {}).message;
  }
}
