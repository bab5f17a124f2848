import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Room } from '../../catalogue/insight-view.ts';
import { formatMinute } from '../../tester/web/page/locale.ts';
import { QuestionDialog } from '../../tester/web/page/question-dialog.tsx';
import { getJson, postJson, RequestFailed, streamEvents } from '../../tester/web/page/requests.ts';
import type { AnswerRequest, QuestionInfo, TargetInfo } from '../../tester/web/protocol.ts';
import type { ConsoleContents, DecideRequest, Inbox, RoomAnswer, InboxQuestion, WorkEvent } from '../protocol.ts';
import { InboxRoom } from './rooms/inbox-room.tsx';
import { RecordRoom } from './rooms/record-room.tsx';
import { addAccounts } from './rooms/add-accounts.ts';
import { SheetBody } from './sheet-body.tsx';

const TITLES = { health: 'Health', runs: 'Runs', storage: 'Storage', access: 'Access', inbox: 'Inbox', record: 'Record' } as const;

type RoomName = keyof typeof TITLES;

/** How often the page looks for new questions, in milliseconds. */
const LOOK_MS = 3000;

/** Where the reader is: `#runs`, or `#runs;target=branch` where there are several archives. */
function readAddress(targets: readonly TargetInfo[], rooms: readonly RoomName[]): { readonly room: RoomName; readonly target: string } {
  const [name = '', option = ''] = location.hash.replace(/^#/, '').split(';');
  const target = new URLSearchParams(option).get('target');
  return {
    room: rooms.find((room) => room === name) ?? rooms[0] ?? 'record',
    target: targets.find((known) => known.name === target)?.name ?? targets[0]?.name ?? '',
  };
}

/** The whole page. */
export function App() {
  const [contents, setContents] = useState<ConsoleContents>();
  const [fault, setFault] = useState<string>();
  const onFault = useCallback((error: unknown) => setFault(describeFault(error)), []);
  useEffect(() => {
    getJson<ConsoleContents>('contents').then(setContents, onFault);
  }, []);
  if (!contents) return <p class="room">{fault ?? 'Loading…'}</p>;
  return <Console contents={contents} fault={fault} onFault={onFault} />;
}

interface ConsoleProps {
  readonly contents: ConsoleContents;
  readonly fault: string | undefined;
  readonly onFault: (error: unknown) => void;
}

function Console({ contents, fault, onFault }: ConsoleProps) {
  const { targets, timeZone, canDecide, rooms: drawn } = contents;
  const rooms: readonly RoomName[] = [...drawn, 'inbox', 'record'];
  const [{ room, target }, setAddress] = useState(() => readAddress(targets, rooms));
  const [said, setSaid] = useState<string>();
  const [revision, setRevision] = useState(0);
  const { inbox, lookFault } = useInbox(revision);
  const isEnded = isGone(lookFault);
  const shownFault = lookFault === undefined ? fault : describeFault(lookFault);
  const { question, work, answer } = useWork({
    onSaid: setSaid,
    onFault,
    onDone: () => setRevision((number) => number + 1),
  });
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    const onMove = () => {
      setAddress(readAddress(targets, rooms));
      setSaid(undefined);
      requestAnimationFrame(() => heading.current?.focus());
    };
    addEventListener('hashchange', onMove);
    return () => removeEventListener('hashchange', onMove);
  }, []);
  useEffect(() => {
    document.title = `${isEnded ? 'Ended' : TITLES[room]} – MailStore console`;
  }, [room, isEnded]);

  const shown = targets.find(({ name }) => name === target);
  const option = target === targets[0]?.name ? '' : `;target=${encodeURIComponent(target)}`;
  const waiting = inbox?.questions.length ?? 0;
  return (
    <>
      <header>
        {shown && <TargetBar target={shown} />}
        <p class="title">MailStore console</p>
        <nav aria-label="Rooms">
          <ul>
            {rooms.map((name) => (
              <li key={name}>
                <a href={`#${name}${option}`} aria-current={name === room ? 'page' : undefined}>
                  {TITLES[name]}
                  {name === 'inbox' && waiting > 0 && (
                    <>
                      {' '}
                      <span class="count">
                        {waiting} <span class="hidden">waiting</span>
                      </span>
                    </>
                  )}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        {targets.length > 1 && (
          <label class="target-choice">
            Archive{' '}
            <select
              value={target}
              onChange={(event) => (location.hash = `${room};target=${encodeURIComponent(event.currentTarget.value)}`)}
            >
              {targets.map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        )}
      </header>
      <main class="room">
        {shownFault !== undefined && (
          <p class="notice fault" role="alert">
            {shownFault}
          </p>
        )}
        <h1 tabIndex={-1} ref={heading}>
          {TITLES[room]}
        </h1>
        {said !== undefined && (
          <p class="notice" role="status">
            {said}
          </p>
        )}
        {/* What a console that has ended showed stays readable, and nothing in it can be used. */}
        <fieldset class="contents" disabled={isEnded}>
          {room === 'inbox' ? (
            !inbox ? (
              <p role="status">Looking for questions…</p>
            ) : (
              <InboxRoom
                inbox={inbox}
                isCurrent={lookFault === undefined}
                canDecide={canDecide}
                timeZone={timeZone}
                onDecide={({ approvalId }: InboxQuestion, how) => {
                  const request: DecideRequest = { approvalId, how };
                  work('inbox', request);
                }}
              />
            )
          ) : room === 'record' ? (
            <RecordRoom
              timeZone={timeZone}
              canDecide={canDecide}
              revision={revision}
              onRevert={(number) => work('revert', { number })}
              onFault={onFault}
            />
          ) : (
            <InsightRoom key={`${room} ${target}`} room={room} target={target} timeZone={timeZone} />
          )}
        </fieldset>
      </main>
      {question && <QuestionDialog key={question.id} program="console" question={question} onAnswer={answer} />}
    </>
  );
}

function TargetBar({ target: { name, origin, user, access, isSandbox } }: { readonly target: TargetInfo }) {
  return (
    <p class={`target-bar ${isSandbox ? 'sandbox' : access}`}>
      <strong>{isSandbox ? 'SANDBOX' : name}</strong>{' '}
      <span class="wrap">{isSandbox ? 'an emulated MailStore in this program' : origin}</span> <span>{`as ${user}`}</span>{' '}
      <span>{`${access} access`}</span>
    </p>
  );
}

/** A room that draws the answer of an insight, read when it is opened and when it is asked for again. */
function InsightRoom({ room, target, timeZone }: { readonly room: Room; readonly target: string; readonly timeZone: string }) {
  const [answer, setAnswer] = useState<RoomAnswer>();
  const [isReading, setReading] = useState(true);
  const [asked, setAsked] = useState(0);
  /** Why the last reading on failed. */
  const [problem, setProblem] = useState<string>();
  const running = useRef<AbortController>();
  const path = `rooms/${room}?target=${encodeURIComponent(target)}`;
  useEffect(() => {
    const stop = new AbortController();
    running.current = stop;
    setReading(true);
    setProblem(undefined);
    void getJson<RoomAnswer>(path, stop.signal)
      .catch((error: unknown) => ({ problem: describeFault(error) }))
      .then((read) => {
        if (stop.signal.aborted) return;
        setAnswer(read);
        setReading(false);
      });
    return () => stop.abort();
  }, [asked]);
  const nextOffset = answer && !('problem' in answer) && answer.view.room === 'access' ? answer.view.nextOffset : undefined;
  const readOn = async () => {
    const stop = running.current;
    if (isReading || nextOffset === undefined || !stop) return;
    setReading(true);
    setProblem(undefined);
    const next = await getJson<RoomAnswer>(`${path}&offset=${nextOffset}`, stop.signal).catch((error: unknown) => ({
      problem: describeFault(error),
    }));
    if (stop.signal.aborted) return;
    if ('problem' in next) setProblem(next.problem);
    else setAnswer((before) => (before && !('problem' in before) ? addAccounts(before, next) : next));
    setReading(false);
  };
  // The answer before stays meanwhile, and so does the place of a person at the keyboard.
  const again = (
    <button type="button" class="screen-only" aria-disabled={isReading} onClick={() => !isReading && setAsked(asked + 1)}>
      {isReading ? 'Reading…' : 'Read again'}
    </button>
  );
  if (!answer) return <p role="status">Reading the archive…</p>;
  if ('problem' in answer) {
    return (
      <>
        <p class="notice fault" role="alert">
          {answer.problem}
        </p>
        <p>{again}</p>
      </>
    );
  }
  return (
    <SheetBody {...answer} timeZone={timeZone}>
      <p class="actions hint">
        <span>
          {answer.view.room === 'health' && answer.view.server !== undefined && `${answer.view.server}. `}
          Read {formatMinute(answer.readAt, timeZone)}, times in {timeZone}.
        </span>{' '}
        {again}
        {nextOffset !== undefined && (
          <button type="button" class="screen-only" aria-disabled={isReading} onClick={() => void readOn()}>
            {isReading ? 'Reading…' : 'Look at the next accounts'}
          </button>
        )}
        <button type="button" class="screen-only" onClick={() => print()}>
          Print
        </button>
      </p>
      {problem !== undefined && (
        <p class="notice fault" role="alert">
          {problem}
        </p>
      )}
    </SheetBody>
  );
}

interface WatchedInbox {
  readonly inbox: Inbox | undefined;
  /** Why the last look failed; undefined where it did not. */
  readonly lookFault: unknown;
}

/** Looks for questions again and again, also after a look that failed, and announces new ones where the reader has allowed it. */
function useInbox(revision: number): WatchedInbox {
  const [inbox, setInbox] = useState<Inbox>();
  const [lookFault, setLookFault] = useState<unknown>();
  const seen = useRef<ReadonlySet<string>>();
  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      const found = await getJson<Inbox>('inbox', stop.signal);
      const ids = new Set(found.questions.map(({ approvalId }) => approvalId));
      const fresh = found.questions.filter(({ approvalId }) => seen.current && !seen.current.has(approvalId));
      seen.current = ids;
      setInbox((before) => (JSON.stringify(before) === JSON.stringify(found) ? before : found));
      for (const question of fresh) announce(question);
    };
    const work = async () => {
      while (!stop.signal.aborted) {
        try {
          await look();
          setLookFault(undefined);
        } catch (error) {
          if (stop.signal.aborted) return;
          setLookFault(error);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    };
    void work();
    return () => stop.abort();
  }, [revision]);
  return { inbox, lookFault };
}

function announce({ approvalId, label, target }: InboxQuestion): void {
  if (typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
  const shown = new Notification('A question waits for you', { body: `${label} at ${target}`, tag: approvalId });
  shown.addEventListener('click', () => {
    focus();
    location.hash = 'inbox';
  });
}

interface WorkProps {
  readonly onSaid: (said: string | undefined) => void;
  readonly onFault: (error: unknown) => void;
  readonly onDone: () => void;
}

/** Has something done that a person may have to confirm, one after the other. */
function useWork({ onSaid, onFault, onDone }: WorkProps) {
  const [question, setQuestion] = useState<QuestionInfo>();
  const work = (path: string, body: unknown) => {
    onSaid(undefined);
    streamEvents<WorkEvent>(path, body, (event) => {
      if (event.kind === 'question') setQuestion(event);
      else onSaid(event.kind === 'done' ? event.says : event.problem);
    })
      .catch(onFault)
      .finally(() => {
        setQuestion(undefined);
        onDone();
      });
  };
  const answer = (given: Omit<AnswerRequest, 'id'>) => {
    const request: AnswerRequest = { id: question?.id ?? '', ...given };
    setQuestion(undefined);
    postJson('answer', request).catch(onFault);
  };
  return { question, work, answer };
}

function isGone(error: unknown): boolean {
  return error instanceof RequestFailed && error.isGone;
}

function describeFault(error: unknown): string {
  if (isGone(error)) return 'The console has ended. Start it again, and open the address that it prints.';
  return error instanceof Error ? error.message : String(error);
}
