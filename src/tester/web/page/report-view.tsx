import { toVisible } from '../../../base/escape-hidden.ts';
import { isRow } from '../../../base/rows.ts';
import type { CallAnswer } from '../protocol.ts';
import { isEmpty, makeCell } from './cells.ts';
import { DataTable } from './data-table.tsx';
import { formatNumber, localiseSentence } from './locale.ts';
import { nameFile, saveFile } from './save-file.ts';

interface Props {
  readonly label: string;
  readonly report: Extract<CallAnswer, { readonly kind: 'report' }>['report'];
}

/** The page of text of an insight: its answer in a sentence, facts, tables, and what was not looked at. */
export function ReportView({ label, report }: Props) {
  const { headline, data, notLookedAt, next, failedReads } = report;
  const entries = Object.entries(data).filter(([, value]) => !isEmpty(value));
  const tables = entries.filter(([, value]) => Array.isArray(value) && value.every(isRow));
  const facts = entries.filter((entry) => !tables.includes(entry));
  const failures = failedReads.reduce((sum, { times }) => sum + times, 0);
  return (
    <section class="report" aria-label={`Report of ${label}`}>
      <p class="headline">{localiseSentence(toVisible(headline))}</p>
      {failures > 0 && (
        <div class="notice">
          <p>
            This answer is partial: {formatNumber(failures)} {failures === 1 ? 'read' : 'reads'} failed.
          </p>
          <ul>
            {failedReads.map(({ tool, reason }) => (
              <li key={`${tool} ${reason}`}>
                {tool}: {toVisible(reason)}
              </li>
            ))}
          </ul>
        </div>
      )}
      {next !== undefined && <p>{localiseSentence(toVisible(next))}</p>}
      {facts.length > 0 && (
        <dl class="fields">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{nameField(name)}</dt>
              <dd>{writeFact(name, value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {tables.map(([name, value]) => (
        <section key={name} aria-label={nameField(name)}>
          <h3>{nameField(name)}</h3>
          <DataTable wraps label={`${label}: ${name}`} rows={Array.isArray(value) ? value.filter(isRow) : []} />
        </section>
      ))}
      {notLookedAt.length > 0 && (
        <details>
          <summary>Not looked at</summary>
          <ul class="list">
            {notLookedAt.map((sentence) => (
              <li key={sentence}>{localiseSentence(toVisible(sentence))}</li>
            ))}
          </ul>
        </details>
      )}
      <p>
        <button
          type="button"
          class="small"
          onClick={() => saveFile(nameFile(label, 'json'), 'application/json', `${JSON.stringify(report, undefined, 2)}\n`)}
        >
          Save JSON
        </button>
      </p>
    </section>
  );
}

/** `Mean message size` for `meanMessageSize`. */
function nameField(name: string): string {
  const words = toVisible(name).replaceAll(/(?<=[a-z\d])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function writeFact(name: string, value: unknown): string {
  if (isRow(value))
    return Object.entries(value)
      .filter(([, inner]) => !isEmpty(inner))
      .map(([inner, fact]) => `${nameField(inner)}: ${writeFact(inner, fact)}`)
      .join('; ');
  if (Array.isArray(value)) return value.map((entry: unknown) => writeFact(name, entry)).join('; ');
  return typeof value === 'string' ? localiseSentence(toVisible(value)) : makeCell(name, value).text;
}
