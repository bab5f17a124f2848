import type { ComponentChildren } from 'preact';
import { toVisible } from '../../../base/escape-hidden.ts';
import { isRow, type Row } from '../../../base/rows.ts';
import type { FieldFacts } from './cells.ts';
import { DataTable, RecordView } from './data-table.tsx';
import { nameFile, saveFile } from './save-file.ts';

export interface AnswerViewProps {
  readonly label: string;
  readonly value: unknown;
  readonly facts: FieldFacts;
  /** Further controls, such as one that widens the answer. */
  readonly children?: ComponentChildren;
}

/** What a call returned: a list as a table, an object as its fields. */
export function AnswerView({ label, value, facts, children }: AnswerViewProps) {
  if (value === null || value === undefined) return null;
  if (Array.isArray(value) && value.length > 0) {
    return (
      <DataTable key={label} label={label} rows={value.map((row: unknown): Row => (isRow(row) ? row : { value: row }))} facts={facts}>
        {children}
      </DataTable>
    );
  }
  if (Array.isArray(value)) return <p class="hint">The list is empty.</p>;
  return (
    <div class="table-view">
      <div class="toolbar">
        <span class="group">
          <button
            type="button"
            class="small"
            onClick={() => saveFile(nameFile(label, 'json'), 'application/json', `${JSON.stringify(value, undefined, 2)}\n`)}
          >
            Save JSON
          </button>
          {children}
        </span>
      </div>
      {isRow(value) ? (
        <RecordView label={label} record={value} facts={facts} />
      ) : (
        <p class="lines">{toVisible(typeof value === 'string' ? value : JSON.stringify(value))}</p>
      )}
    </div>
  );
}
