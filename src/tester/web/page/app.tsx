import { useCallback, useEffect, useLayoutEffect, useReducer, useRef, useState } from 'preact/hooks';
import { API_FORMS } from '../../../base/target.ts';
import type {
  AnswerRequest,
  CallRecord,
  CallRequest,
  CallEvent,
  CancelEvent,
  CopyForm,
  CopyRequest,
  CopyText,
  CurrentConfiguration,
  News,
  PageContents,
  QuestionInfo,
  TargetInfo,
  TaskInfo,
} from '../protocol.ts';
import { elsewhereSentence } from '../../../journal/page.ts';
import { formatAddress } from './address.ts';
import { CallList } from './call-list.tsx';
import { CommandForm, WAY_FIELD } from './command-form.tsx';
import { CommandList } from './command-list.tsx';
import { CopyDialog } from './copy-dialog.tsx';
import { readDrafts } from './drafts.ts';
import { ExchangeView } from './exchange-view.tsx';
import { FORM_LABELS, describeRefusal } from './labels.ts';
import { describeNews } from './news.ts';
import { QuestionDialog } from './question-dialog.tsx';
import { getJson, postJson, RequestFailed, streamEvents } from './requests.ts';
import { findCommand, INITIAL, reduce, findTarget, type PageAction, type State } from './state.ts';
import { isRunning, TaskCard } from './task-card.tsx';
import { useNames } from './use-names.ts';
import { applyWay, findWays } from './ways.ts';

type Dispatch = (action: PageAction) => void;

/** The part of the window in which the heading of a form or a result has to be, for enough of it to be seen. */
const IN_VIEW = 0.5;

/** How long the page waits after an answer that it could not use. */
const RETRY_MS = 5000;

/** The whole page. */
export function App() {
  const [state, dispatch] = useReducer(reduce, INITIAL);
  const [copied, setCopied] = useState<{ readonly as: CopyForm | 'link'; readonly text: string }>();
  const [isWide, setWide] = useState(false);
  const [isOwnClosed, setOwnClosed] = useState(false);
  const [openTask, setOpenTask] = useState<string | null>();
  const [cancelProblems, setCancelProblems] = useState<Readonly<Record<string, string>>>({});
  const { catalogue, selected, target, form, shown, tasks, calls, isSending, isGone, fault } = state;
  const [question] = state.questions;
  const command = findCommand(state, selected);
  const chosenTarget = findTarget(state);
  const refusal = command && describeRefusal(command, chosenTarget);
  const drafts = (selected !== undefined && state.drafts[selected]) || {};
  const choice = findWays(command?.fields ?? [], drafts, state.ways[selected ?? '']);
  const fields = applyWay(command?.fields ?? [], choice);
  // A call that ended well may have added or renamed something.
  const { names, onNeed } = useNames(target, form, calls.filter(({ end }) => end !== undefined && end.kind !== 'error').length);

  // What is set now depends on everything but the configuration itself.
  const { args: otherArgs } = readDrafts(
    fields.filter(({ name }) => name !== command?.configuration),
    drafts,
  );
  const currentKey = JSON.stringify([selected, otherArgs, target, form]);
  const current = state.current?.key === currentKey ? state.current : undefined;

  useEffect(() => {
    const stop = new AbortController();
    void load(dispatch, stop.signal);
    return () => stop.abort();
  }, []);

  const make = useCallback(async (call: CallRequest) => {
    dispatch({ kind: 'sending' });
    try {
      await streamAsking<CallEvent>('call', call, dispatch, (event) => dispatch({ kind: 'event', event }));
      dispatch({ kind: 'sent' });
    } catch (error) {
      dispatch({ kind: 'sent', fault: describeReason(error), ...goneBy(error) });
    }
  }, []);

  const send = () => {
    if (!command || refusal !== undefined || isSending || isGone) return;
    const { args, problems } = readDrafts(fields, drafts);
    if (choice && choice.way === undefined) {
      dispatch({ kind: 'invalid', problems: [...problems, { field: WAY_FIELD, message: 'has to be chosen' }] });
      return;
    }
    if (problems.length > 0) dispatch({ kind: 'invalid', problems });
    // What a configuration changes is shown before it is sent.
    else if (command.configuration !== undefined && !current) report(readCurrent(false));
    else void make({ command: command.name, args, target, form });
  };
  const report = (work: Promise<unknown>) =>
    void work.catch((error: unknown) => dispatch({ kind: 'fault', fault: describeReason(error), ...goneBy(error) }));
  const readCurrent = async (isLoaded: boolean) => {
    if (!command) return;
    const request: CallRequest = { command: command.name, args: otherArgs, target, form };
    dispatch({ kind: 'current', current: { key: currentKey, ...(await postJson<CurrentConfiguration>('current', request)) }, isLoaded });
  };
  useShortcuts(send);
  useFocusOnProblem(state);
  useAddress(state, dispatch);
  useFreshExchanges(state, dispatch);
  useInView('form-heading', selected);
  useInView('exchange-heading', shown?.id, shown?.end !== undefined);

  const select = (name: string) => {
    dispatch({ kind: 'selected', command: name });
    requestAnimationFrame(() => document.getElementById('form-heading')?.focus({ preventScroll: true }));
  };
  const open = async (id: number) => dispatch({ kind: 'opened', record: await getJson<CallRecord>(`calls/${id}`) });
  const repeat = async (id: number) => {
    await open(id);
    await make({ repeat: id });
  };
  const copy = async (exchange: number, as: CopyForm) => {
    const request: CopyRequest = { call: shown?.id ?? 0, exchange, as };
    const { text } = await postJson<CopyText>('copy', request);
    setCopied({ as, text });
  };
  const answer = async (given: Omit<AnswerRequest, 'id'>) => {
    const id = question?.id ?? '';
    dispatch({ kind: 'settled', questions: [id] });
    const request: AnswerRequest = { id, ...given };
    await postJson('answer', request);
  };
  const cancel = async (taskId: string) => {
    setCancelProblems(({ [taskId]: _, ...others }) => others);
    await streamAsking<CancelEvent>(`tasks/${taskId}/cancel`, {}, dispatch, (event) => {
      if (event.kind === 'task') dispatch({ kind: 'event', event });
      else setCancelProblems((others) => ({ ...others, [taskId]: event.problem }));
    });
  };

  if (!catalogue) return <p class="panel">{fault ?? 'Loading…'}</p>;
  const card = (task: TaskInfo, isOpen: boolean, onToggle: () => void) => (
    <TaskCard
      key={task.taskId}
      task={task}
      command={findCommand(state, task.command)}
      problem={cancelProblems[task.taskId]}
      isOpen={isOpen}
      onToggle={onToggle}
      isGone={isGone}
      onCancel={(taskId) => report(cancel(taskId))}
    />
  );
  const end = shown?.end;
  const ownTask = end?.kind === 'task' ? tasks.find(({ taskId }) => taskId === end.taskId) : undefined;
  const otherTasks = tasks.filter((task) => task !== ownTask);
  const openId = openTask === undefined ? otherTasks.find(isRunning)?.taskId : openTask;
  const elsewhere = elsewhereSentence(state.elsewhere);
  return (
    <>
      <header>
        <h1>MailStore API tester</h1>
        {chosenTarget && <TargetBar target={chosenTarget} isGone={isGone} />}
        <Choices state={state} dispatch={dispatch} />
      </header>
      {fault !== undefined && (
        <p class="notice fault" role="alert">
          {fault}
        </p>
      )}
      <main class={isWide && shown ? 'wide' : undefined}>
        <CommandList
          commands={catalogue.commands}
          target={chosenTarget}
          search={state.search}
          selected={selected}
          onSearch={(search) => dispatch({ kind: 'searched', search })}
          onSelect={select}
        />
        <div class="form panel">
          {command ? (
            <CommandForm
              command={command}
              fields={fields}
              choice={choice}
              onWay={(way) => dispatch({ kind: 'way', way })}
              names={names}
              onNeed={onNeed}
              drafts={drafts}
              problems={state.problems}
              isSending={isSending}
              refusal={refusal}
              onDraft={(field, draft) => dispatch({ kind: 'drafted', field, draft })}
              onFill={(args) => dispatch({ kind: 'filled', args })}
              onSend={send}
              isGone={isGone}
              current={current}
              onLoad={() => report(readCurrent(true))}
              canUndo={(state.past[command.name] ?? []).length > 0}
              canRedo={(state.future[command.name] ?? []).length > 0}
              onUndo={() => dispatch({ kind: 'undone' })}
              onRedo={() => dispatch({ kind: 'redone' })}
              onLink={() => setCopied({ as: 'link', text: location.href })}
            />
          ) : (
            <Welcome />
          )}
        </div>
        <div class="answers">
          {shown && (
            <ExchangeView
              key={shown.id}
              call={shown}
              bytes={findCommand(state, shown.command)?.bytes}
              isWide={isWide}
              onWide={setWide}
              onCopy={(exchange, as) => report(copy(exchange, as))}
            >
              {ownTask && card(ownTask, !isOwnClosed, () => setOwnClosed(!isOwnClosed))}
            </ExchangeView>
          )}
          {(otherTasks.length > 0 || elsewhere !== undefined) && (
            <section class="tasks panel" aria-labelledby="tasks-heading">
              <h2 id="tasks-heading">Long commands</h2>
              {otherTasks.map((task) => {
                const isOpen = task.taskId === openId;
                return card(task, isOpen, () => setOpenTask(isOpen ? null : task.taskId));
              })}
              {elsewhere !== undefined && <p class="hint">{elsewhere}</p>}
            </section>
          )}
          <CallList
            calls={calls}
            shown={shown?.id}
            isSending={isSending || isGone}
            onOpen={(id) => report(open(id))}
            onRepeat={(id) => report(repeat(id))}
          />
        </div>
      </main>
      <Announcer state={state} />
      {question && <QuestionDialog key={question.id} question={question} onAnswer={(given) => report(answer(given))} />}
      {copied && <CopyDialog {...copied} onClose={() => setCopied(undefined)} />}
    </>
  );
}

/** Says where calls go, as whom and with which access, and whether the tester still answers. */
function TargetBar({
  target: { name, origin, user, access, isSandbox },
  isGone,
}: {
  readonly target: TargetInfo;
  readonly isGone: boolean;
}) {
  if (isGone) return <p class="target-bar gone">The tester has ended: nothing on this page can be sent.</p>;
  return (
    <p class={`target-bar ${isSandbox ? 'sandbox' : access}`}>
      <strong>{isSandbox ? 'SANDBOX' : name}</strong>{' '}
      <span class="origin">{isSandbox ? 'an emulated MailStore in this program' : origin}</span> <span>{`as ${user}`}</span>{' '}
      <span>{`${access} access`}</span>
    </p>
  );
}

/** Where calls go, and in which form of the API. */
function Choices({ state, dispatch }: { readonly state: State; readonly dispatch: Dispatch }) {
  const { catalogue, target, form } = state;
  return (
    <div class="choices">
      {catalogue && catalogue.targets.length > 1 && (
        <label>
          Target{' '}
          <select value={target} onChange={(event) => dispatch({ kind: 'target', target: event.currentTarget.value })}>
            {catalogue.targets.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label>
        Form of the API{' '}
        <select
          value={form}
          onChange={(event) => dispatch({ kind: 'form', form: API_FORMS.find((known) => known === event.currentTarget.value) ?? 'auto' })}
        >
          {API_FORMS.map((known) => (
            <option key={known} value={known}>
              {FORM_LABELS[known]}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

function Welcome() {
  return (
    <>
      <h2 id="form-heading">Choose a command</h2>
      <p>Its form opens here; what goes over the wire is shown next to it once it is sent.</p>
      <p class="hint">
        <kbd>/</kbd> goes to the search, the arrow keys go through the commands, <kbd>Ctrl</kbd> or <kbd>⌘</kbd> with <kbd>Enter</kbd>{' '}
        sends, <kbd>Esc</kbd> closes a dialog.
      </p>
    </>
  );
}

/** Announces the outcome of a call and the progress of long commands to screen readers. */
function Announcer({ state }: { readonly state: State }) {
  const before = useRef(state);
  const [news, setNews] = useState('');
  useEffect(() => {
    const said = describeNews(before.current, state);
    before.current = state;
    if (said !== undefined) setNews(said);
  }, [state]);
  return (
    <p class="hidden" role="status">
      {news}
    </p>
  );
}

/** Ctrl or Cmd with Enter sends; `/` goes to the search. */
function useShortcuts(send: () => void): void {
  const latest = useRef(send);
  latest.current = send;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (document.querySelector('dialog[open]')) return;
      const isWriting = event.target instanceof HTMLElement && event.target.matches('input:not([type="checkbox"]), textarea');
      if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        latest.current();
      } else if (event.key === '/' && !isWriting) {
        event.preventDefault();
        const search = document.querySelector<HTMLInputElement>('#search');
        search?.focus();
        // What is typed next is another search.
        search?.select();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}

/** The address says which form is open and what is in it, so that loading the page again, Back and a link bring it back. */
function useAddress(state: State, dispatch: Dispatch): void {
  const { catalogue, selected, target, form } = state;
  const command = findCommand(state, selected);
  const drafts = (selected !== undefined && state.drafts[selected]) || undefined;
  // Together with what is drawn: written later, it could take the place of an address that Back or Forward has gone to meanwhile.
  useLayoutEffect(() => {
    if (!catalogue) return;
    const hash = command
      ? formatAddress(command, {
          drafts: drafts ?? {},
          ...(target !== catalogue.targets[0]?.name && { target }),
          ...(form !== catalogue.form && { form }),
        })
      : '';
    if (hash === location.hash) return;
    const isOther = /^#?([^;?]*)/.exec(location.hash)?.[1] !== (selected ?? '');
    try {
      history[isOther ? 'pushState' : 'replaceState'](null, '', hash === '' ? location.pathname : hash);
    } catch {
      // A browser allows so many changes in a time; the next one counts.
    }
  }, [catalogue, command, drafts, target, form]);
  useEffect(() => {
    const onMove = () => dispatch({ kind: 'address', hash: location.hash });
    addEventListener('popstate', onMove);
    return () => removeEventListener('popstate', onMove);
  }, []);
}

/** The first field that is wrong gets the focus. */
function useFocusOnProblem({ problems }: State): void {
  const [first] = problems;
  const before = useRef(0);
  useEffect(() => {
    // Correcting one of several fields must not move the focus to the next.
    if (problems.length > before.current && first?.field !== undefined) document.getElementById(`field-${first.field}`)?.focus();
    before.current = problems.length;
  }, [problems]);
}

/**
 * The call on display is read again when it has ended while another page followed it, or this one before it was loaded again, and whenever its
 * task has news: a long command goes on exchanging after its answer.
 */
function useFreshExchanges({ shown, calls, tasks }: State, dispatch: Dispatch): void {
  const end = shown?.end;
  const hasEnded = shown !== undefined && !end && calls.some((call) => call.id === shown.id && call.end !== undefined);
  const revision = end?.kind === 'task' ? tasks.find(({ taskId }) => taskId === end.taskId)?.revision : undefined;
  useEffect(() => {
    if (shown === undefined || (revision === undefined && !hasEnded)) return;
    getJson<CallRecord>(`calls/${shown.id}`).then(
      (record) => dispatch({ kind: 'refreshed', record }),
      () => undefined,
    );
  }, [shown?.id, revision, hasEnded]);
}

/** The form that was opened, or the result of what was sent, comes into view where it is not, as in a narrow window or at 200 %. */
function useInView(heading: string, ...changes: readonly (string | number | boolean | undefined)[]): void {
  useEffect(() => {
    const element = document.getElementById(heading);
    const { top = 0 } = element?.getBoundingClientRect() ?? {};
    if (changes[0] === undefined || !element || (top >= 0 && top <= innerHeight * IN_VIEW)) return;
    element.closest('.panel')?.scrollIntoView({ block: 'start' });
  }, changes);
}

/** Sends a request and reports each event of its answer; its questions are put on display until they are answered or the answer ends. */
async function streamAsking<Event extends { readonly kind: string }>(
  path: string,
  body: unknown,
  dispatch: Dispatch,
  onEvent: (event: Exclude<Event, { readonly kind: 'question' }>) => void,
): Promise<void> {
  const asked: string[] = [];
  try {
    await streamEvents<Event | AskedEvent>(path, body, (event) => {
      if (isQuestion(event)) {
        asked.push(event.id);
        dispatch({ kind: 'asked', question: event });
      } else onEvent(event as Exclude<Event, { readonly kind: 'question' }>);
    });
  } finally {
    dispatch({ kind: 'settled', questions: asked });
  }
}

type AskedEvent = { readonly kind: 'question' } & QuestionInfo;

function isQuestion(event: { readonly kind: string }): event is AskedEvent {
  return event.kind === 'question';
}

/** Loads what the page begins with, and then follows the news for as long as the page is there. */
async function load(dispatch: Dispatch, signal: AbortSignal): Promise<void> {
  let news: News | undefined;
  while (!signal.aborted) {
    try {
      if (news) {
        const known = news.tasks.map(({ taskId, revision }) => `${taskId}:${revision}`).join(',');
        news = await getJson<News>(`news?tasks=${known}&calls=${news.callsRevision}`, signal);
        dispatch({ kind: 'news', news });
      } else {
        const [catalogue, first] = await Promise.all([getJson<PageContents>('commands', signal), getJson<News>('news', signal)]);
        news = first;
        dispatch({ kind: 'loaded', catalogue, news, hash: location.hash });
      }
    } catch (error) {
      if (signal.aborted) return;
      dispatch({ kind: 'fault', fault: describeReason(error), ...goneBy(error) });
      if (error instanceof RequestFailed && error.isGone) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}

/** Returns nothing for a fault that leaves open whether the tester's process is there. */
function goneBy(error: unknown): { readonly isGone?: true } {
  return error instanceof RequestFailed && error.isGone ? { isGone: true } : {};
}

function describeReason(error: unknown): string {
  if (error instanceof RequestFailed) return error.message;
  return error instanceof Error ? error.message : String(error);
}
