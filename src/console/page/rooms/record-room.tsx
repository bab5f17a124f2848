import { useEffect, useState } from 'preact/hooks';
import { toWallClock } from '../../../base/zoned-time.ts';
import { getJson } from '../../../tester/web/page/requests.ts';
import { RECORD_FILTERS, type RecordEntry, type RecordFilter, type RecordPage, type RecordVerdict } from '../../protocol.ts';
import { formatDay, formatNumber, formatTimeOfDay, localiseSentence } from '../../../tester/web/page/locale.ts';

interface Props {
  readonly timeZone: string;
  readonly canDecide: boolean;
  /** Changes when something was decided or put back here: the record has news then. */
  readonly revision: number;
  readonly onRevert: (number: number) => void;
  readonly onFault: (error: unknown) => void;
}

const WORDS: Readonly<Record<RecordFilter, string>> = {
  notable: 'Everything but reads that succeeded',
  changes: 'Changes',
  questions: 'Questions and decisions',
  refused: 'Refused',
  failed: 'Failed',
  everything: 'Everything',
};

const STEP = 100;
const MOST = 2000;

/** How long typing rests before the record is searched, in milliseconds. */
const REST_MS = 250;

/** What was done by whom, the newest first, and whether the record is as it was written. */
export function RecordRoom({ timeZone, canDecide, revision, onRevert, onFault }: Props) {
  const [query, setQuery] = useState({ show: 'notable' as RecordFilter, text: '', since: '', until: '' });
  const [limit, setLimit] = useState(STEP);
  const { answer: page, isUnread, read } = useRead<RecordPage>(onFault);
  const chosen = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '')).toString();

  useEffect(() => {
    const stop = new AbortController();
    const rest = setTimeout(() => void read(`record?${chosen}&limit=${limit}`, stop.signal), REST_MS);
    return () => {
      clearTimeout(rest);
      stop.abort();
    };
  }, [chosen, limit, revision]);

  const change = (part: Partial<typeof query>) => {
    setQuery({ ...query, ...part });
    setLimit(STEP);
  };
  return (
    <>
      <Intact timeZone={timeZone} onFault={onFault} />
      <form class="filters screen-only" role="search" aria-label="Filter the record" onSubmit={(event) => event.preventDefault()}>
        <label>
          Show{' '}
          <select
            value={query.show}
            onChange={(event) => change({ show: RECORD_FILTERS.find((known) => known === event.currentTarget.value) ?? 'notable' })}
          >
            {RECORD_FILTERS.map((filter) => (
              <option key={filter} value={filter}>
                {WORDS[filter]}
              </option>
            ))}
          </select>
        </label>
        <label>
          With the text{' '}
          <input
            type="search"
            value={query.text}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        </label>
        <label>
          From <input type="date" value={query.since} onChange={(event) => change({ since: event.currentTarget.value })} />
        </label>
        <label>
          To <input type="date" value={query.until} onChange={(event) => change({ until: event.currentTarget.value })} />
        </label>
      </form>
      <p class="actions screen-only">
        Export what fits, all of it:{' '}
        <a href={`export?${chosen}&format=jsonl`} download>
          JSON lines
        </a>{' '}
        <a href={`export?${chosen}&format=csv`} download>
          CSV
        </a>
      </p>
      {!page ? (
        <p role="status">{isUnread ? 'The record could not be read.' : 'Reading the record…'}</p>
      ) : (
        <>
          <p role="status" class="hint">
            {page.entries.length === 0
              ? query.show === 'everything' || page.hasMore
                ? 'No line fits.'
                : `No line fits. “${WORDS.everything}” also shows the reads.`
              : `${formatNumber(page.entries.length)} lines${page.hasMore ? ', the newest of more' : ''}.`}
            {page.gaveUpAfter !== undefined &&
              ` The search ended after ${formatNumber(page.gaveUpAfter)} lines; an earlier day goes further back.`}
          </p>
          <Timeline entries={page.entries} timeZone={timeZone} canDecide={canDecide} onRevert={onRevert} />
          {page.hasMore && limit < MOST && (
            <p>
              <button type="button" onClick={() => setLimit(Math.min(MOST, limit + STEP))}>
                Show older lines
              </button>
            </p>
          )}
        </>
      )}
    </>
  );
}

interface Reading<Answer> {
  /** Undefined until it was read, and where the last attempt failed. */
  readonly answer: Answer | undefined;
  readonly isUnread: boolean;
  read(path: string, signal: AbortSignal): Promise<void>;
}

/** Keeps what is read last, and reports a failure, after which nothing older is shown as if it were the answer. */
function useRead<Answer>(onFault: Props['onFault']): Reading<Answer> {
  const [answer, setAnswer] = useState<Answer>();
  const [isUnread, setUnread] = useState(false);
  const read = (path: string, signal: AbortSignal) =>
    getJson<Answer>(path, signal).then(
      (found) => {
        setAnswer(found);
        setUnread(false);
      },
      (error: unknown) => {
        if (signal.aborted) return;
        setAnswer(undefined);
        setUnread(true);
        onFault(error);
      },
    );
  return { answer, isUnread, read };
}

/** Whether the audit is as it was written: read as a whole, once, and again when asked. */
function Intact({ timeZone, onFault }: Pick<Props, 'timeZone' | 'onFault'>) {
  const { answer: verdict, isUnread, read } = useRead<RecordVerdict>(onFault);
  const [isVerifying, setVerifying] = useState(true);
  const [asked, setAsked] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setVerifying(true);
    void read('verify', stop.signal).finally(() => setVerifying(false));
    return () => stop.abort();
  }, [asked]);
  const again = (
    <p class="screen-only">
      <button type="button" aria-disabled={isVerifying} onClick={() => !isVerifying && setAsked(asked + 1)}>
        {isVerifying ? 'Verifying…' : 'Verify again'}
      </button>
    </p>
  );
  if (!verdict) {
    if (!isUnread) return <p class="verdict">Verifying the record…</p>;
    return (
      <section class="verdict broken">
        <p>Whether the record is intact is not known: it could not be verified.</p>
        {again}
      </section>
    );
  }
  const { isIntact, says, problems, notes, last } = verdict;
  return (
    <section class={`verdict ${isIntact ? 'ok' : 'broken'}`} aria-labelledby="verdict-heading">
      <h3 id="verdict-heading">
        <span aria-hidden="true">{isIntact ? '✓' : '✕'}</span> {localiseSentence(says, timeZone)}
      </h3>
      {[...problems, ...notes].length > 0 && (
        <ul>
          {[...problems, ...notes].map((line) => (
            <li key={line}>{localiseSentence(line, timeZone)}</li>
          ))}
        </ul>
      )}
      {last !== undefined && (
        <details>
          <summary>The last line, to be noted elsewhere</summary>
          <p>
            <code>audit verify --expect {last}</code>
          </p>
        </details>
      )}
      {again}
    </section>
  );
}

interface TimelineProps extends Pick<Props, 'timeZone' | 'canDecide' | 'onRevert'> {
  readonly entries: readonly RecordEntry[];
}

function Timeline({ entries, timeZone, ...others }: TimelineProps) {
  const days = new Map<string, RecordEntry[]>();
  for (const entry of entries) {
    const day = entry.time === undefined ? '' : toWallClock(Date.parse(entry.time), timeZone).slice(0, 10);
    const known = days.get(day);
    if (known) known.push(entry);
    else days.set(day, [entry]);
  }
  return (
    <>
      {[...days].map(([day, ofDay]) => (
        <section key={day} class="timeline" aria-label={day === '' ? 'Without a time' : formatDay(day)}>
          <h3>{day === '' ? 'Without a time' : formatDay(day)}</h3>
          <ol>
            {ofDay.map((entry, index) => (
              <Entry key={`${entry.id} ${index}`} entry={entry} timeZone={timeZone} {...others} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function Entry({ entry, timeZone, canDecide, onRevert }: Omit<TimelineProps, 'entries'> & { readonly entry: RecordEntry }) {
  const { time, kind, who, what, details, target, effect, decision, outcome, change, line } = entry;
  const isBad = decision === 'refuse' || outcome === 'failed' || outcome === 'unknown';
  return (
    <li class={`entry ${kind} ${isBad ? 'bad' : (effect ?? '')}`}>
      <time dateTime={time}>{time === undefined ? '?' : formatTimeOfDay(time, timeZone)}</time>
      <div>
        <p>
          <strong>{what}</strong> {effect !== undefined && <span class="badge">{effect}</span>}{' '}
          {decision !== undefined && decision !== 'allow' && <span class="badge">{decision === 'ask' ? 'asked' : 'refused'}</span>}{' '}
          {outcome !== undefined && <span class="badge">{outcome.replaceAll('_', ' ')}</span>}
        </p>
        <p class="hint">
          {who}
          {target !== undefined && ` at ${target}`}
        </p>
        {details !== '' && <p class="wrap">{details}</p>}
        {change && (
          <div class="change">
            <p>
              Change {change.number}: {change.summary}
            </p>
            <dl>
              <dt>Before</dt>
              <dd>{JSON.stringify(change.before)}</dd>
              <dt>After</dt>
              <dd>{JSON.stringify(change.after)}</dd>
            </dl>
            {change.revertedBy !== undefined ? (
              <p class="hint">Put back by change {change.revertedBy}.</p>
            ) : change.canRevert ? (
              <p>
                {canDecide ? (
                  <button type="button" onClick={() => onRevert(change.number)}>
                    Put change {change.number} back…
                  </button>
                ) : (
                  <span class="hint">
                    In a terminal, the subcommand <code>changes revert {change.number}</code> puts it back.
                  </span>
                )}
              </p>
            ) : (
              <p class="hint">It cannot be put back.</p>
            )}
          </div>
        )}
        <details>
          <summary>The whole line</summary>
          <pre tabIndex={0} role="region" aria-label={`Line ${entry.id}`}>
            {line}
          </pre>
        </details>
      </div>
    </li>
  );
}
