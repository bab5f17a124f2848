import { mapStrings } from '../base/map-strings.ts';
import { formatInZone } from '../base/zoned-time.ts';
import { escapeHidden, toVisible, toVisibleLine, visibleValue } from '../base/escape-hidden.ts';
import { wrapLines } from './help-text.ts';
import { scanJson } from '../base/json-tokens.ts';
import type { Drift } from '../client/value.ts';
import type { ShownChange } from '../guard/call.ts';
import type { TaskRecord } from '../journal/task-record.ts';
import { renderCsv } from '../base/csv.ts';
import { renderAnswer, SHORT_TIME, type OutputFormat } from './answer-formats.ts';
import { readScreen, type Screen } from './screen.ts';
import type { Exchange } from '../tester/tester.ts';

/** The codes that a terminal takes, for the tokens of JSON and for the first line of a request or an answer. */
const COLOURS = { key: 36, string: 32, number: 33, word: 33, head: 1 } as const;

/** A moment as this program writes it, in parts. */
const ZONED_TIME = /\b(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}[+-]\d{2}:\d{2}(?!\d)/g;

/** The most differences from the declared output that are shown; those of a changed list repeat themselves. */
const SHOWN_DRIFT = 5;

/**
 * Writes what a call came to. On a terminal everything that hides or commands is made visible, and colours distinguish keys from values; in a pipe JSON
 * is exact, with the same characters written as its escapes, and everything else is as it came.
 */
export class CallOutput {
  readonly #screen: Screen;
  readonly #out: NodeJS.WriteStream;
  readonly #isTerminal: boolean;
  readonly #hasColours: boolean;
  readonly #zone: string;
  #exchanges = 0;

  /** `zone` is the time zone in which times are shown. */
  constructor(out: NodeJS.WriteStream, zone: string) {
    this.#out = out;
    this.#zone = zone;
    this.#screen = readScreen(out);
    this.#isTerminal = out.isTTY;
    // Where NO_COLOR is set, a terminal says that it has none.
    this.#hasColours = out.isTTY && out.hasColors();
  }

  /** Writes an answer in a format; `bytes` are the fields that hold a number of bytes. */
  async answer(value: unknown, format: OutputFormat, bytes: readonly string[]): Promise<void> {
    switch (format) {
      case 'table':
        this.#out.write(
          value === null || value === undefined
            ? 'Done.\n'
            : this.#withShortTimes(value, (short) => renderAnswer(short, bytes, this.#screen)),
        );
        return;
      case 'csv':
        this.#out.write(this.#shown(renderCsv(value)));
        return;
      case 'yaml':
        this.#out.write(this.#shown((await import('./render-yaml.ts')).renderYaml(value)));
        return;
      case 'json':
        this.#json(value);
    }
  }

  /**
   * Writes the answer of an insight: as a table, its sentences before its lists. `hints` are the lines that run in a terminal what a sentence names,
   * each with the words before it.
   */
  async insight(
    { headline, notLookedAt, next, ...findings }: Readonly<Record<string, unknown>>,
    format: OutputFormat,
    findHints: (sentences: readonly string[]) => readonly (readonly [words: string, line: string])[],
  ): Promise<void> {
    if (format !== 'table') {
      await this.answer(
        { headline, ...findings, ...(notLookedAt !== undefined && { notLookedAt }), ...(next !== undefined && { next }) },
        format,
        [],
      );
      return;
    }
    const sentences: readonly unknown[] = Array.isArray(notLookedAt) ? notLookedAt : [];
    // Every text of an insight is a sentence, a size or a name.
    const said = mapStrings(findings, (text) => this.#screen.localise(text));
    const hints = findHints([next ?? '', ...sentences].map(asText));
    const findingsText = this.#withShortTimes({ headline, said }, ({ headline: first, said: rest }) =>
      [
        `${this.#screen.paint('bold', this.#wrapped(asText(first)))}\n`,
        ...(Object.keys(findings).length === 0 ? [] : [renderAnswer(rest, [], this.#screen, 'whole')]),
      ].join('\n'),
    );
    const parts = [
      findingsText,
      ...(sentences.length === 0
        ? []
        : [`${this.#screen.paint('bold', 'Not looked at')}\n${sentences.map((one) => `${this.#wrapped(`- ${asText(one)}`)}\n`).join('')}`]),
      ...(next === undefined ? [] : [`${this.#wrapped(`Next: ${asText(next)}`)}\n`]),
      // One line for all of them: a path as this installation needs it would break every sentence.
      ...hints.map(([words, line]) => `${words}\n  ${line}\n`),
    ];
    this.#out.write(parts.join('\n'));
  }

  /**
   * Renders a value with the times of the configured zone written short on a terminal, such as `2026-11-01 03:00`, and says the zone once. A time of
   * another zone stays as it is.
   */
  #withShortTimes<Value>(value: Value, render: (short: Value) => string): string {
    if (!this.#isTerminal) return render(value);
    const shorten = (text: string) =>
      text.replaceAll(ZONED_TIME, (time, day: string, clock: string) =>
        formatInZone(Date.parse(time), this.#zone) === time ? `${day} ${clock}` : time,
      );
    const rendered = render(mapStrings(value, shorten) as Value);
    // A column of times may have been left out.
    return SHORT_TIME.test(rendered) ? `${rendered}\n${this.#screen.paint('dim', `Times are in ${this.#zone}.`)}\n` : rendered;
  }

  #wrapped(sentence: string): string {
    const shown = toVisibleLine(this.#screen.localise(sentence));
    return this.#isTerminal ? wrapLines(shown) : shown;
  }

  #json(value: unknown): void {
    const text = JSON.stringify((this.#isTerminal ? visibleValue(value) : value) ?? null, null, 2);
    this.#write(this.#isTerminal ? this.#coloured(text) : escapeHidden(text));
  }

  xml(text: string): void {
    this.#write(this.#shown(text));
  }

  exchange({ request: { method, url, headers, body }, response }: Exchange): void {
    const path = url.slice(new URL(url).origin.length);
    const parts = [
      this.#head(`${method} ${path} HTTP/1.1`),
      ...this.#headers(headers),
      '',
      ...(body === '' ? [] : [this.#shown(body), '']),
    ];
    if (response) {
      const { status, reason } = response;
      parts.push(this.#head(`HTTP/1.1 ${status} ${reason}`.trimEnd()), ...this.#headers(response.headers), '', this.#shown(response.body));
    }
    this.#write(`${this.#exchanges++ === 0 ? '' : '\n'}${parts.join('\n')}`);
  }

  #headers(headers: Exchange['request']['headers']): string[] {
    return headers.map(([name, value]) => this.#shown(`${name}: ${value}`));
  }

  #head(line: string): string {
    return this.#paint('head', this.#shown(line));
  }

  #shown(text: string): string {
    return this.#isTerminal ? toVisible(text) : text;
  }

  #coloured(json: string): string {
    let painted = '';
    let at = 0;
    scanJson(json, (kind, start, end) => {
      const token = json.slice(start, end);
      painted += json.slice(at, start) + (kind in COLOURS ? this.#paint(kind as keyof typeof COLOURS, token) : token);
      at = end;
    });
    return painted + json.slice(at);
  }

  #paint(colour: keyof typeof COLOURS, text: string): string {
    return this.#hasColours ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
  }

  #write(text: string): void {
    this.#out.write(`${text}\n`);
  }
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Returns the part of a task that shows its state. */
export function taskView(task: TaskRecord): Readonly<Record<string, unknown>> {
  const { taskId, command, target, status, finding, progress, statusText, messages, startedAt, endedAt, error, reason, note } = task;
  return {
    taskId,
    command,
    target,
    ...(finding && { finding }),
    status,
    progress,
    statusText,
    messages,
    ...(status === 'succeeded' && { result: task.result ?? null }),
    ...(error !== undefined && { error }),
    startedAt,
    ...(endedAt !== undefined && { endedAt }),
    ...((reason ?? note) !== undefined && { note: reason ?? note }),
  };
}

/** Returns the lines about what a call did in addition to its value. */
export function changeLines(change: ShownChange | undefined): string[] {
  return [...(change?.number === undefined ? [] : [describeChange(change)]), ...(change?.note === undefined ? [] : [change.note])];
}

/** What was not there before was added, and what is not there after was removed. */
function describeChange({ before, after }: ShownChange): string {
  const [old, now] = [JSON.stringify(before ?? null), JSON.stringify(after ?? null)];
  if (old === 'null') return now === 'null' ? 'What was there before and after could not be read.' : `Added: ${now}.`;
  return now === 'null' ? `Removed: ${old}.` : `Changed from ${old} to ${now}.`;
}

/** Returns the lines that name the files of generated secrets. */
export function generatedLines(generated: Readonly<Record<string, string>> | undefined): string[] {
  return Object.entries(generated ?? {}).map(([field, path]) => `The generated ${field} is in ${path}.`);
}

/** Returns the lines about what came in another form than the declared one. */
export function driftLines(drift: readonly Drift[] | undefined): string[] {
  const shown = (drift ?? []).map(({ path, expected, got }) => {
    const came = got === undefined ? 'is missing' : `came as ${JSON.stringify(got)?.slice(0, 80)}`;
    return `Not as declared: ${path || 'the value'} ${came}, expected ${expected}.`;
  });
  return shown.length > SHOWN_DRIFT ? [...shown.slice(0, SHOWN_DRIFT), `and ${shown.length - SHOWN_DRIFT} more of the kind.`] : shown;
}
