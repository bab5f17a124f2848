import type { ComponentChildren } from 'preact';
import { localiseSentence } from '../../tester/web/page/locale.ts';

interface NotesProps {
  readonly notRead: readonly string[];
  readonly notLookedAt: readonly string[];
  readonly timeZone: string;
}

/** What the answer does not cover. */
export function Notes({ notRead, notLookedAt, timeZone }: NotesProps) {
  return (
    <>
      {notRead.length > 0 && (
        <section class="notes problem-notes" aria-labelledby="not-read">
          <h3 id="not-read">Could not be read, so this answer is partial</h3>
          <List of={notRead} timeZone={timeZone} />
        </section>
      )}
      {notLookedAt.length > 0 && (
        <section class="notes" aria-labelledby="not-looked-at">
          <h3 id="not-looked-at">Not looked at</h3>
          <List of={notLookedAt} timeZone={timeZone} />
        </section>
      )}
    </>
  );
}

function List({ of, timeZone }: { readonly of: readonly string[]; readonly timeZone: string }) {
  return (
    <ul>
      {of.map((sentence) => (
        <li key={sentence}>{localiseSentence(sentence, timeZone)}</li>
      ))}
    </ul>
  );
}

interface TableProps {
  readonly label: string;
  readonly columns: readonly { readonly name: string; readonly isNumber?: boolean }[];
  readonly rows: readonly (readonly ComponentChildren[])[];
}

/** A table that scrolls by itself where it is wider than the page. The first cell of a row is its head. */
export function Table({ label, columns, rows }: TableProps) {
  return (
    <div class="scroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ name, isNumber }) => (
              <th key={name} scope="col" class={isNumber ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((cells, row) => (
            <tr key={row}>
              {cells.map((cell, index) =>
                index === 0 ? (
                  <th key={index} scope="row">
                    {cell}
                  </th>
                ) : (
                  <td key={index} class={columns[index]?.isNumber ? 'number' : undefined}>
                    {cell}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
