import { useEffect, useRef, useState } from 'preact/hooks';
import { joinWords } from '../../../base/join-words.ts';
import type { RunDay, RunDayState, RunRow, RunsView as View } from '../../../catalogue/insight-view.ts';
import { formatCount, formatDay, formatNumber, formatTimeOfDay } from '../../../tester/web/page/locale.ts';
import { Table } from '../sheet.tsx';

const WORDS: Readonly<Record<RunDayState, string>> = {
  ok: 'all succeeded',
  warnings: 'with warnings or cancelled',
  errors: 'with errors',
  failed: 'failed',
  silent: 'no run, though one was due',
  none: 'no run',
  unknown: 'not known: the runs could not be read',
};
const SIGNS: Readonly<Record<RunDayState, string>> = {
  ok: '',
  warnings: '!',
  errors: '✕',
  failed: '✕',
  silent: '–',
  none: '',
  unknown: '?',
};
const LEGEND: readonly RunDayState[] = ['failed', 'silent', 'errors', 'warnings', 'ok', 'none'];

interface CalendarPlace {
  readonly row: number;
  readonly day: number;
}

/** The runs of each day by profile and job; a day that needs attention opens its runs with their causes. */
export function RunsView({ view, timeZone }: { readonly view: View; readonly timeZone: string }) {
  const { days, rows, rowsLeftOut, unread, failuresLeftOut } = view;
  const [opened, setOpened] = useState<CalendarPlace>();
  const states = new Set(rows.flatMap(({ days: own }) => own.map(({ state }) => state)));
  return (
    <>
      <ul class="legend" aria-label="Signs">
        {[...LEGEND, ...(states.has('unknown') ? (['unknown'] as const) : [])].map((state) => (
          <li key={state}>
            <span class={`day ${state}`} aria-hidden="true">
              {SIGNS[state]}
            </span>{' '}
            {WORDS[state]}
          </li>
        ))}
      </ul>
      {unread.length > 0 && (
        <p class="notice" role="alert">
          {sentence(unread)} could not be read, so this calendar lacks what they would show.
        </p>
      )}
      {rows.length === 0 ? (
        unread.length === 0 && <p>There is no profile and no job.</p>
      ) : (
        <Calendar view={view} opened={opened} onOpen={setOpened} />
      )}
      {rowsLeftOut > 0 && (
        <p class="hint">{formatCount(rowsLeftOut, 'more profile or job', 'more profiles and jobs')} with fewer problems are left out.</p>
      )}
      {failuresLeftOut > 0 && (
        <p class="hint">The causes of {formatCount(failuresLeftOut, 'older run')} are left out: the newest are explained.</p>
      )}
      {opened && <DayDetails view={view} place={opened} timeZone={timeZone} />}
      <details class="numbers">
        <summary>The calendar as a table of numbers</summary>
        <Table
          label="Runs by profile and job"
          columns={[
            { name: 'Profile or job' },
            { name: 'Runs', isNumber: true },
            { name: 'Not succeeded', isNumber: true },
            { name: 'Days without a due run', isNumber: true },
            { name: 'Last failure' },
          ]}
          rows={rows.map(({ name, days: own }) => [
            name,
            ...(own.some(({ state }) => state === 'unknown')
              ? ['not known', 'not known', 'not known', '']
              : [
                  formatNumber(sum(own, ({ runs }) => runs)),
                  formatNumber(sum(own, ({ notSucceeded }) => notSucceeded)),
                  formatNumber(own.filter(({ state }) => state === 'silent').length),
                  describeLast(days, own),
                ]),
          ])}
        />
      </details>
    </>
  );
}

/** Returns what could not be read as the beginning of a sentence. */
function sentence(parts: readonly string[]): string {
  const said = joinWords(parts);
  return said.charAt(0).toUpperCase() + said.slice(1);
}

function describeLast(days: readonly string[], own: readonly RunDay[]): string {
  const last = days[own.findLastIndex(({ notSucceeded }) => notSucceeded > 0)];
  return last === undefined ? '' : formatDay(last);
}

function sum(days: readonly RunDay[], read: (day: RunDay) => number): number {
  return days.reduce((total, day) => total + read(day), 0);
}

interface CalendarProps {
  readonly view: View;
  readonly opened: CalendarPlace | undefined;
  readonly onOpen: (place: CalendarPlace) => void;
}

/** One tab stop: the arrow keys go from one day that needs attention to the next. */
function Calendar({ view: { days, rows }, opened, onOpen }: CalendarProps) {
  const table = useRef<HTMLTableElement>(null);
  const places = rows.flatMap(({ days: own }, row) => own.flatMap(({ state }, day) => (needsAttention(state) ? [{ row, day }] : [])));
  const [at, setAt] = useState<CalendarPlace | undefined>(places[0]);
  const scroller = useRef<HTMLDivElement>(null);
  // The newest days are the ones that count, where not all have room.
  useEffect(() => {
    if (scroller.current) scroller.current.scrollLeft = scroller.current.scrollWidth;
  }, [days]);

  const move = (event: KeyboardEvent) => {
    const next = at && findNext(places, at, event.key);
    if (!next) return;
    event.preventDefault();
    setAt(next);
    table.current?.querySelector<HTMLElement>(`[data-place="${next.row}-${next.day}"]`)?.focus();
  };
  return (
    <div class="scroll" ref={scroller} role="region" aria-label="Calendar of runs" tabIndex={places.length === 0 ? 0 : -1}>
      <table class="calendar" ref={table} onKeyDown={move}>
        <thead>
          <tr>
            <th scope="col">Profile or job</th>
            {days.map((day, index) => (
              <th key={day} scope="col" class="day-head">
                <span class="hidden">{formatDay(day)}</span>
                <span aria-hidden="true">{(days.length - 1 - index) % 7 === 0 ? formatDay(day, 'short') : ''}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, rowIndex) => (
            <tr key={`${row.kind} ${rowIndex}`}>
              <th scope="row">
                <span class="kind">{row.kind}</span> {row.name}
              </th>
              {row.days.map((day, dayIndex) => {
                const says = describeDay(day);
                const isOpen = opened?.row === rowIndex && opened.day === dayIndex;
                return (
                  <td key={dayIndex}>
                    {needsAttention(day.state) ? (
                      <button
                        type="button"
                        class={`day ${day.state}`}
                        data-place={`${rowIndex}-${dayIndex}`}
                        tabIndex={at?.row === rowIndex && at.day === dayIndex ? 0 : -1}
                        aria-pressed={isOpen}
                        aria-label={`${row.name}, ${formatDay(days[dayIndex] ?? '')}: ${says}`}
                        title={`${formatDay(days[dayIndex] ?? '')}: ${says}`}
                        onFocus={() => setAt({ row: rowIndex, day: dayIndex })}
                        onClick={() => onOpen({ row: rowIndex, day: dayIndex })}
                      >
                        {SIGNS[day.state]}
                      </button>
                    ) : (
                      <span class={`day ${day.state}`} title={`${formatDay(days[dayIndex] ?? '')}: ${says}`}>
                        <span class="hidden">{says}</span>
                      </span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function needsAttention(state: RunDayState): boolean {
  return state !== 'ok' && state !== 'none' && state !== 'unknown';
}

/** Returns the nearest place in the direction of an arrow key. */
function findNext(places: readonly CalendarPlace[], { row, day }: CalendarPlace, key: string): CalendarPlace | undefined {
  switch (key) {
    case 'ArrowRight':
      return places.find((place) => place.row === row && place.day > day);
    case 'ArrowLeft':
      return places.findLast((place) => place.row === row && place.day < day);
    case 'ArrowDown':
    case 'ArrowUp': {
      const rows = places.map((place) => place.row);
      const next = key === 'ArrowDown' ? rows.find((other) => other > row) : rows.findLast((other) => other < row);
      const there = places.filter((place) => place.row === next);
      return there.toSorted((a, b) => Math.abs(a.day - day) - Math.abs(b.day - day))[0];
    }
    default:
      return undefined;
  }
}

function describeDay({ state, runs, notSucceeded, items }: RunDay): string {
  if (runs === 0) return WORDS[state];
  const archived = items === undefined ? '' : `, ${formatCount(items, 'item')}`;
  return notSucceeded === 0
    ? `${formatCount(runs, 'run')}, all succeeded${archived}`
    : `${formatNumber(notSucceeded)} of ${formatCount(runs, 'run')} ${WORDS[state]}${archived}`;
}

/** Why the runs of one day did not succeed. */
function DayDetails({ view, place, timeZone }: { readonly view: View; readonly place: CalendarPlace; readonly timeZone: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), [place]);
  const row: RunRow | undefined = view.rows[place.row];
  const [day = '', own] = [view.days[place.day], row?.days[place.day]];
  if (!row || !own) return null;
  const failures = view.failures.filter((failure) => failure.row === place.row && failure.day === day);
  return (
    <section class="details" aria-labelledby="day-heading">
      <h3 id="day-heading" tabIndex={-1} ref={heading}>
        {row.name}, {formatDay(day)}: {describeDay(own)}
      </h3>
      {own.state === 'silent' && (
        <p>
          MailStore starts this {row.kind} by itself, and by its own rhythm a run was due. A {row.kind} that did not exist yet, or was
          switched off then, looks the same.
        </p>
      )}
      {failures.length > 0 && (
        <Table
          label={`Runs of ${row.name} on ${formatDay(day)}`}
          columns={[{ name: 'Began' }, { name: 'Result' }, { name: 'Cause' }]}
          rows={failures.map(({ at, result, cause, isAssumed }) => [
            formatTimeOfDay(at, timeZone),
            result,
            cause === undefined
              ? row.kind === 'job'
                ? 'The API keeps no reason; the service log on the server has it.'
                : 'Its report was not opened.'
              : `${cause}${isAssumed ? ' (taken from equal runs before and after it)' : ''}`,
          ])}
        />
      )}
      {own.notSucceeded > failures.length && (
        <p class="hint">{formatCount(own.notSucceeded - failures.length, 'run')} of this day are not explained here.</p>
      )}
    </section>
  );
}
