import { toVisible } from '../../../base/escape-hidden.ts';
import { isRow, type Row } from '../../../base/rows.ts';
import { isEmpty, makeCell, type FieldFacts } from './cells.ts';
import { DataTable } from './data-table.tsx';
import { formatCount } from './locale.ts';

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
