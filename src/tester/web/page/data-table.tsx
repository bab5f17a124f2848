import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { renderCsv, renderTsv } from '../../../base/csv.ts';
import { toVisible, toVisibleLine } from '../../../base/escape-hidden.ts';
import { isRow, type Row } from '../../../base/rows.ts';
import { compareValues, isEmpty, makeCell, matchesFilter, type FieldFacts } from './cells.ts';
import { formatCount } from './locale.ts';
import { nameFile, saveFile } from './save-file.ts';

export interface DataTableProps {
  /** What the rows are, for readers who hear the page, and the name of a saved file. */
  readonly label: string;
  readonly rows: readonly Row[];
  readonly facts?: FieldFacts;
  /** True for a few rows of sentences, which are shown in full. */
  readonly wraps?: boolean;
  /** Further controls, after those of the table. */
  readonly children?: ComponentChildren;
}

interface Order {
  readonly name: string;
  readonly isDescending: boolean;
}

/** Rows beyond what is in view that are drawn, so that scrolling shows no gap. */
const OVERSCAN = 12;

/** Up to this many rows all are drawn. */
const WINDOWED = 150;

/** The widths of columns, in characters, and the rows that they are estimated from. */
const WIDTHS = { least: 6, most: 36, sample: 200 } as const;

/** The characters that the padding of a cell takes, and the arrow of a header. */
const PADDING = 3;

/** Rows as a table: sorted by a header, filtered, with columns that fold away, copied and saved. Of many rows only those in view are drawn. */
export function DataTable({ label, rows, facts = {}, wraps = false, children }: DataTableProps) {
  const [order, setOrder] = useState<Order>();
  const [filter, setFilter] = useState('');
  const names = useMemo(() => [...new Set(rows.flatMap((row) => Object.keys(row)))], [rows]);
  // What is empty in every row says nothing.
  const emptyNames = useMemo(() => names.filter((name) => rows.every((row) => isEmpty(row[name]))), [rows, names]);
  const [chosen, setChosen] = useState<readonly string[]>();
  const folded = chosen ?? (emptyNames.length < names.length ? emptyNames : []);
  const [opened, setOpened] = useState<Row>();
  const [said, setSaid] = useState('');
  const columns = names.filter((name) => !folded.includes(name));

  const shown = useMemo(() => {
    const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
    const found = words.length === 0 ? rows : rows.filter((row) => matchesFilter(row, words, facts));
    if (!order) return found;
    const { name, isDescending } = order;
    return found.toSorted((one, other) => {
      const [a, b] = [isEmpty(one[name]), isEmpty(other[name])];
      if (a || b) return Number(a) - Number(b);
      return compareValues(one[name], other[name]) * (isDescending ? -1 : 1);
    });
  }, [rows, filter, order, facts.zone]);

  const sort = (name: string) => {
    if (order?.name !== name) setOrder({ name, isDescending: false });
    else setOrder(order.isDescending ? undefined : { name, isDescending: true });
  };
  const fold = (name: string) => setChosen(folded.includes(name) ? folded.filter((other) => other !== name) : [...folded, name]);
  const copy = () => {
    navigator.clipboard.writeText(renderTsv(shown, columns)).then(
      () => setSaid(`${formatCount(shown.length, 'row')} in the clipboard, for a spreadsheet.`),
      () => setSaid('The browser does not allow the clipboard.'),
    );
  };
  const save = (kind: 'json' | 'csv') => {
    if (kind === 'json') saveFile(nameFile(label, 'json'), 'application/json', `${JSON.stringify(shown, undefined, 2)}\n`);
    // Excel takes a file without the mark for one of another encoding.
    else saveFile(nameFile(label, 'csv'), 'text/csv', `\uFEFF${renderCsv(shown, columns)}`);
    setSaid(`${formatCount(shown.length, 'row')} saved.`);
  };

  return (
    <div class="table-view">
      <div class="toolbar">
        <input
          type="text"
          class="filter"
          aria-label={`Filter ${label}`}
          placeholder="Filter"
          autocomplete="off"
          spellcheck={false}
          value={filter}
          onInput={(event) => setFilter(event.currentTarget.value)}
        />
        <span class="count" role="status">
          {shown.length === rows.length
            ? formatCount(rows.length, 'row')
            : `${formatCount(shown.length, 'row')} of ${formatCount(rows.length, 'row')}`}
          {said !== '' && <span class="hint"> {said}</span>}
        </span>
        <span class="group">
          <ColumnMenu names={names} folded={folded} onFold={fold} />
          <button type="button" class="small" onClick={copy}>
            Copy
          </button>
          <button type="button" class="small" onClick={() => save('csv')}>
            Save CSV
          </button>
          <button type="button" class="small" onClick={() => save('json')}>
            Save JSON
          </button>
          {children}
        </span>
      </div>
      <TableBody
        label={label}
        rows={shown}
        columns={columns}
        facts={facts}
        order={order}
        opened={opened}
        wraps={wraps && shown.length <= WINDOWED}
        onSort={sort}
        onOpen={setOpened}
      />
      {opened && (
        <section class="record" aria-label={`One row of ${label}`}>
          <p class="toolbar">
            <strong>{nameRow(opened)}</strong>
            <button type="button" class="small" onClick={() => setOpened(undefined)}>
              Close row
            </button>
          </p>
          <RecordView label={`One row of ${label}`} record={opened} facts={facts} />
        </section>
      )}
    </div>
  );
}

/** A row is called by its first text. */
function nameRow(row: Row): string {
  const name = Object.values(row).find((value) => typeof value === 'string' && value !== '');
  return typeof name === 'string' ? toVisibleLine(name) : 'One row';
}

interface ColumnMenuProps {
  readonly names: readonly string[];
  readonly folded: readonly string[];
  readonly onFold: (name: string) => void;
}

function ColumnMenu({ names, folded, onFold }: ColumnMenuProps) {
  const menu = useRef<HTMLDetailsElement>(null);
  const close = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !menu.current?.open) return;
    event.stopPropagation();
    menu.current.open = false;
    menu.current.querySelector('summary')?.focus();
  };
  return (
    <details class="menu" ref={menu} onKeyDown={close}>
      <summary class="small">{folded.length === 0 ? 'Columns' : `Columns ${names.length - folded.length}/${names.length}`}</summary>
      <fieldset class="menu-panel">
        <legend class="hidden">Columns that are shown</legend>
        {names.map((name) => (
          <label key={name} class="tick">
            <input
              type="checkbox"
              checked={!folded.includes(name)}
              disabled={!folded.includes(name) && folded.length === names.length - 1}
              onChange={() => onFold(name)}
            />
            {toVisibleLine(name)}
          </label>
        ))}
      </fieldset>
    </details>
  );
}

interface TableBodyProps {
  readonly label: string;
  readonly rows: readonly Row[];
  readonly columns: readonly string[];
  readonly facts: FieldFacts;
  readonly order: Order | undefined;
  readonly opened: Row | undefined;
  readonly wraps: boolean;
  readonly onSort: (name: string) => void;
  readonly onOpen: (row: Row) => void;
}

function TableBody({ label, rows, columns, facts, order, opened, wraps, onSort, onOpen }: TableBodyProps) {
  const region = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: 0, height: 800, rowHeight: 32 });
  const [active, setActive] = useState(0);
  const toFocus = useRef<number>();
  const isWindowed = rows.length > WINDOWED;

  const measure = () => {
    const element = region.current;
    if (!element) return;
    const rowHeight = element.querySelector<HTMLElement>('tbody tr[aria-rowindex]')?.offsetHeight ?? 32;
    setView({ top: element.scrollTop, height: element.clientHeight, rowHeight });
  };
  useLayoutEffect(measure, [rows, columns.length]);
  // Other rows begin at their top.
  useEffect(() => {
    if (region.current) region.current.scrollTop = 0;
    setActive(0);
  }, [rows]);
  useLayoutEffect(() => {
    if (toFocus.current === undefined) return;
    region.current?.querySelector<HTMLElement>(`tr[aria-rowindex="${toFocus.current + 2}"] button`)?.focus({ preventScroll: true });
    toFocus.current = undefined;
  });

  const widths = useMemo(() => columns.map((name) => estimateWidth(name, rows, facts)), [rows, columns.join('\n')]);
  const first = isWindowed ? Math.max(0, Math.floor(view.top / view.rowHeight) - OVERSCAN) : 0;
  const last = isWindowed ? Math.min(rows.length, Math.ceil((view.top + view.height) / view.rowHeight) + OVERSCAN) : rows.length;
  const numeric = new Set(columns.filter((name) => rows.slice(0, WIDTHS.sample).every((row) => typeof (row[name] ?? 0) === 'number')));

  const move = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(view.height / view.rowHeight) - 2);
    const next = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: rows.length - 1,
    }[event.key];
    const element = region.current;
    if (next === undefined || !element || !(event.target instanceof HTMLElement) || !event.target.closest('tbody')) return;
    event.preventDefault();
    const at = Math.min(rows.length - 1, Math.max(0, next));
    const [top, bottom] = [at * view.rowHeight, (at + 3) * view.rowHeight];
    if (top < element.scrollTop) element.scrollTop = top;
    else if (bottom > element.scrollTop + element.clientHeight) element.scrollTop = bottom - element.clientHeight;
    toFocus.current = at;
    setActive(at);
    measure();
  };

  return (
    <div class="table-region" ref={region} role="region" aria-label={label} tabIndex={0} onScroll={measure} onKeyDown={move}>
      <table
        aria-rowcount={rows.length + 1}
        class={wraps ? 'wraps' : undefined}
        style={wraps ? undefined : { width: `${widths.reduce((sum, width) => sum + width, 6)}ch` }}
      >
        <colgroup>
          <col style={{ width: '6ch' }} />
          {widths.map((width, index) => (
            // The last column takes what is left of the width.
            <col key={columns[index]} style={index < widths.length - 1 ? { width: `${width}ch` } : undefined} />
          ))}
        </colgroup>
        <thead>
          <tr aria-rowindex={1}>
            <th scope="col" class="row-number">
              <span class="hidden">Row</span>
            </th>
            {columns.map((name) => {
              const direction = order?.name === name ? (order.isDescending ? 'descending' : 'ascending') : undefined;
              return (
                <th key={name} scope="col" aria-sort={direction} class={numeric.has(name) ? 'number' : undefined}>
                  <button type="button" class="sort" title={toVisibleLine(name)} onClick={() => onSort(name)}>
                    <span>{toVisibleLine(name)}</span>
                    <span aria-hidden="true">{direction === undefined ? '' : direction === 'ascending' ? '▲' : '▼'}</span>
                  </button>
                </th>
              );
            })}
          </tr>
        </thead>
        <tbody>
          {first > 0 && <tr class="space" aria-hidden="true" style={{ height: `${first * view.rowHeight}px` }} />}
          {rows.slice(first, last).map((row, offset) => {
            const index = first + offset;
            return (
              <tr key={index} aria-rowindex={index + 2} class={row === opened ? 'opened' : undefined}>
                <td class="row-number">
                  <button
                    type="button"
                    class="open-row"
                    tabIndex={index === active || (offset === 0 && (active < first || active >= last)) ? 0 : -1}
                    aria-label={`Show row ${index + 1}`}
                    onFocus={() => setActive(index)}
                    onClick={() => onOpen(row)}
                  >
                    {index + 1}
                  </button>
                </td>
                {columns.map((name) => {
                  const { text, raw, isNumber } = makeCell(name, row[name], facts);
                  return (
                    <td key={name} class={isNumber ? 'number' : undefined} title={raw ?? (text === '' ? undefined : text)}>
                      {text}
                    </td>
                  );
                })}
              </tr>
            );
          })}
          {last < rows.length && <tr class="space" aria-hidden="true" style={{ height: `${(rows.length - last) * view.rowHeight}px` }} />}
        </tbody>
      </table>
      {rows.length === 0 && <p class="hint">No row has these words.</p>}
    </div>
  );
}

function estimateWidth(name: string, rows: readonly Row[], facts: FieldFacts): number {
  const lengths = rows.slice(0, WIDTHS.sample).map((row) => makeCell(name, row[name], facts).text.length);
  return Math.min(WIDTHS.most, Math.max(WIDTHS.least, name.length + 1, ...lengths)) + PADDING;
}

export interface RecordViewProps {
  /** What the record is, for readers who hear the page. */
  readonly label: string;
  readonly record: Row;
  readonly facts?: FieldFacts;
}

/** An object as its fields, one a line; those without a value are folded. */
export function RecordView({ label, record, facts = {} }: RecordViewProps) {
  const entries = Object.entries(record);
  const empty = entries.filter(([, value]) => isEmpty(value));
  return (
    <>
      <dl class="fields" aria-label={label}>
        {entries
          .filter(([, value]) => !isEmpty(value))
          .map(([name, value]) => (
            <div key={name} class={isNested(value) ? 'nested' : undefined}>
              <dt>{toVisible(name)}</dt>
              <dd>
                <FieldValue name={name} value={value} label={`${name} of ${label}`} facts={facts} />
              </dd>
            </div>
          ))}
      </dl>
      {empty.length > 0 && (
        <details class="empty-fields">
          <summary>{formatCount(empty.length, 'field')} without a value</summary>
          <p class="hint">{toVisible(empty.map(([name]) => name).join(', '))}</p>
        </details>
      )}
    </>
  );
}

interface FieldValueProps {
  readonly name: string;
  readonly value: unknown;
  readonly label: string;
  readonly facts: FieldFacts;
}

function FieldValue({ name, value, label, facts }: FieldValueProps) {
  if (Array.isArray(value) && value.every(isRow)) return <DataTable label={label} rows={value} facts={facts} />;
  if (isRow(value)) return <RecordView label={label} record={value} facts={facts} />;
  if (typeof value === 'string' && value.includes('\n')) return <span class="lines">{toVisible(value)}</span>;
  const { text, raw } = makeCell(name, value, facts);
  return <span title={raw}>{typeof value === 'string' && raw === undefined ? toVisible(value) : text}</span>;
}

function isNested(value: unknown): boolean {
  return isRow(value) || (Array.isArray(value) && value.every(isRow));
}
