import type { ApiForm } from '../../../base/target.ts';
import type {
  CallEvent,
  CallRecord,
  CallSummary,
  CommandInfo,
  CurrentConfiguration,
  News,
  PageContents,
  Problem,
  QuestionInfo,
  TargetInfo,
  TaskInfo,
} from '../protocol.ts';
import { isKeptOut, readAddress } from './address.ts';
import { EMPTY_DRAFT, makeDrafts, type Draft, type Drafts } from './drafts.ts';

/** Everything that the page shows follows from this. */
export interface State {
  readonly catalogue?: PageContents;
  readonly search: string;
  /** The name of the command whose form is open. */
  readonly selected?: string;
  readonly target: string;
  readonly form: ApiForm;
  /** The content of the forms, by command. */
  readonly drafts: Readonly<Record<string, Drafts>>;
  /** What forms held before a button filled them, and what an undo took away, by command; the newest last. */
  readonly past: Readonly<Record<string, readonly Drafts[]>>;
  readonly future: Readonly<Record<string, readonly Drafts[]>>;
  /** The way that was chosen where several fields make one choice, by command. */
  readonly ways: Readonly<Record<string, string>>;
  /** The configuration that the open form would change, as it was read for `key`. */
  readonly current?: { readonly key: string } & CurrentConfiguration;
  /** What is wrong with the open form. */
  readonly problems: readonly Problem[];
  readonly isSending: boolean;
  /** The call whose exchanges are on display. */
  readonly shown?: CallRecord;
  /** The calls of this run, the newest first. */
  readonly calls: readonly CallSummary[];
  readonly tasks: readonly TaskInfo[];
  /** How many tasks the record has of archives that are not configured. */
  readonly elsewhere: number;
  /** The questions that wait for an answer, the oldest first; that one is on display. */
  readonly questions: readonly QuestionInfo[];
  /** Why the page itself cannot go on. */
  readonly fault?: string;
  /** True when the tester's process does not answer: nothing can be sent. */
  readonly isGone: boolean;
}

/** What a call reports, except its questions. */
type ShownEvent = Exclude<CallEvent, { readonly kind: 'question' }>;

export type PageAction =
  | { readonly kind: 'loaded'; readonly catalogue: PageContents; readonly news: News; readonly hash: string }
  | { readonly kind: 'searched'; readonly search: string }
  | { readonly kind: 'selected'; readonly command: string }
  | { readonly kind: 'target'; readonly target: string }
  | { readonly kind: 'form'; readonly form: ApiForm }
  | { readonly kind: 'drafted'; readonly field: string; readonly draft: Draft }
  | { readonly kind: 'filled'; readonly args: Readonly<Record<string, unknown>> }
  /** The form goes back to what it held before a button filled it, or forward again. */
  | { readonly kind: 'undone' | 'redone' }
  /** The address has changed by Back, Forward or a link. */
  | { readonly kind: 'address'; readonly hash: string }
  | { readonly kind: 'way'; readonly way: string }
  | { readonly kind: 'invalid'; readonly problems: readonly Problem[] }
  | { readonly kind: 'sending' }
  | { readonly kind: 'event'; readonly event: ShownEvent }
  /** The answer to a call has ended, or broke off with a fault. */
  | { readonly kind: 'sent'; readonly fault?: string; readonly isGone?: boolean }
  | { readonly kind: 'asked'; readonly question: QuestionInfo }
  /** These questions were answered, or their call has ended without an answer. */
  | { readonly kind: 'settled'; readonly questions: readonly string[] }
  | { readonly kind: 'news'; readonly news: News }
  /** A call of the history is put on display, and its arguments into its form. */
  | { readonly kind: 'opened'; readonly record: CallRecord }
  /** The call on display has more exchanges than before. */
  | { readonly kind: 'refreshed'; readonly record: CallRecord }
  | { readonly kind: 'fault'; readonly fault: string; readonly isGone?: boolean }
  /** What is set now was read; `isLoaded` is true if it is to be in the form. */
  | { readonly kind: 'current'; readonly current: { readonly key: string } & CurrentConfiguration; readonly isLoaded: boolean };

export const INITIAL: State = {
  search: '',
  target: '',
  form: 'auto',
  drafts: {},
  ways: {},
  past: {},
  future: {},
  problems: [],
  isSending: false,
  calls: [],
  tasks: [],
  elsewhere: 0,
  questions: [],
  isGone: false,
};

export function reduce(state: State, action: PageAction): State {
  switch (action.kind) {
    case 'loaded': {
      const { catalogue, news, hash } = action;
      const loaded = { ...tell(state, news), catalogue, target: catalogue.targets[0]?.name ?? '', form: catalogue.form };
      return follow(loaded, hash);
    }
    case 'searched':
      return { ...state, search: action.search };
    case 'selected':
      return { ...state, selected: action.command, problems: [] };
    case 'target':
      return { ...state, target: action.target };
    case 'form':
      return { ...state, form: action.form };
    case 'drafted': {
      const { selected = '' } = state;
      const drafts = { ...state.drafts, [selected]: { ...state.drafts[selected], [action.field]: action.draft } };
      return { ...state, drafts, problems: state.problems.filter(({ field }) => field !== action.field) };
    }
    case 'filled': {
      // What fills the form says which way it is.
      const { [state.selected ?? '']: _, ...ways } = state.ways;
      return { ...fillIn(state, state.selected, action.args), ways, problems: [] };
    }
    case 'undone':
      return { ...travel(state, 'past', 'future'), problems: [] };
    case 'redone':
      return { ...travel(state, 'future', 'past'), problems: [] };
    case 'address':
      return follow(state, action.hash);
    case 'way': {
      const { selected = '' } = state;
      return { ...state, ways: { ...state.ways, [selected]: action.way }, problems: [] };
    }
    case 'invalid':
      return { ...state, problems: action.problems };
    case 'sending':
      return { ...without(state, 'fault', 'current'), isSending: true, problems: [] };
    case 'event':
      return reduceEvent(state, action.event);
    case 'sent':
      return {
        ...state,
        isSending: false,
        ...(action.fault !== undefined && { fault: action.fault, isGone: action.isGone ?? state.isGone }),
      };
    case 'asked':
      return { ...state, questions: [...state.questions, action.question] };
    case 'settled':
      return { ...state, questions: state.questions.filter(({ id }) => !action.questions.includes(id)) };
    case 'news':
      return tell(state, action.news);
    case 'opened': {
      const { command, args, target, form } = action.record;
      return { ...fillIn(without(state, 'fault'), command, args), selected: command, target, form, shown: action.record, problems: [] };
    }
    case 'refreshed':
      return state.shown?.id === action.record.id ? { ...state, shown: action.record } : state;
    case 'fault':
      return { ...state, fault: action.fault, isGone: action.isGone ?? state.isGone };
    case 'current': {
      const { current, isLoaded } = action;
      const { name = '', configuration } = findCommand(state, state.selected) ?? {};
      if (!isLoaded || configuration === undefined || 'problem' in current) return { ...state, current };
      const draft = { ...EMPTY_DRAFT, text: JSON.stringify(current.value, undefined, 2) };
      return { ...replaceDrafts(state, name, { ...state.drafts[name], [configuration]: draft }), current, problems: [] };
    }
  }
}

function reduceEvent(state: State, event: ShownEvent): State {
  switch (event.kind) {
    case 'invalid':
      return { ...state, problems: event.problems };
    case 'started':
      return {
        ...state,
        shown: { ...event.call, exchanges: [] },
        calls: [event.call, ...state.calls.filter(({ id }) => id !== event.call.id)],
      };
    case 'exchange': {
      const { shown } = state;
      const { call, exchange } = event;
      // A call that was read again meanwhile has it already.
      if (shown?.id !== call || shown.exchanges.some(({ number }) => number === exchange.number)) return state;
      return { ...state, shown: { ...shown, exchanges: [...shown.exchanges, exchange] } };
    }
    case 'task':
      return { ...state, tasks: [event.task, ...state.tasks.filter(({ taskId }) => taskId !== event.task.taskId)] };
    case 'ended': {
      const { call, answer } = event;
      return {
        ...state,
        ...(state.shown?.id === call.id && { shown: { ...call, exchanges: state.shown.exchanges, ...(answer && { answer }) } }),
        calls: state.calls.map((known) => (known.id === call.id ? call : known)),
      };
    }
  }
}

function tell(state: State, { tasks, elsewhere, calls = state.calls }: News): State {
  return { ...state, tasks, elsewhere, calls, isGone: false };
}

function fillIn(state: State, name: string | undefined, args: Readonly<Record<string, unknown>>): State {
  const command = findCommand(state, name);
  return command ? replaceDrafts(state, command.name, makeDrafts(command.fields, args)) : state;
}

/** What the form held before can be undone. */
function replaceDrafts(state: State, name: string, drafts: Drafts): State {
  const before = state.drafts[name] ?? {};
  if (isSame(before, drafts)) return state;
  return {
    ...state,
    drafts: { ...state.drafts, [name]: drafts },
    ...(!isSame(before, {}) && { past: { ...state.past, [name]: [...(state.past[name] ?? []), before] } }),
  };
}

function isSame(one: Drafts, other: Drafts): boolean {
  const write = (draft: Draft = EMPTY_DRAFT) => JSON.stringify(draft);
  return [...Object.keys(one), ...Object.keys(other)].every((name) => write(one[name]) === write(other[name]));
}

/** Takes what the form held from one end, and keeps what it holds now at the other. */
function travel(state: State, from: 'past' | 'future', to: 'past' | 'future'): State {
  const { selected: name = '' } = state;
  const kept = state[from][name] ?? [];
  const drafts = kept.at(-1);
  if (!drafts) return state;
  return {
    ...state,
    drafts: { ...state.drafts, [name]: drafts },
    [from]: { ...state[from], [name]: kept.slice(0, -1) },
    [to]: { ...state[to], [name]: [...(state[to][name] ?? []), state.drafts[name] ?? {}] },
  };
}

/** Shows what an address says. What was written where an address has nothing, such as a password, stays. */
function follow(state: State, hash: string): State {
  const { catalogue } = state;
  const address = readAddress(hash, catalogue?.commands ?? []);
  if (!address) {
    const { selected: _, ...rest } = state;
    return { ...rest, problems: [] };
  }
  const { command, drafts, target, form = catalogue?.form ?? state.form } = address;
  const fields = findCommand(state, command)?.fields ?? [];
  const kept = fields.filter(isKeptOut).flatMap(({ name }) => {
    const draft = state.drafts[command]?.[name];
    return draft ? [[name, draft] as const] : [];
  });
  const known = catalogue?.targets.find(({ name }) => name === target) ?? catalogue?.targets[0];
  return {
    ...replaceDrafts(state, command, { ...Object.fromEntries(kept), ...drafts }),
    selected: command,
    target: known?.name ?? state.target,
    form,
    problems: [],
  };
}

export function findCommand({ catalogue }: State, name: string | undefined): CommandInfo | undefined {
  return catalogue?.commands.find((command) => command.name === name);
}

export function findTarget({ catalogue, target }: State): TargetInfo | undefined {
  return catalogue?.targets.find(({ name }) => name === target);
}

function without<Key extends 'fault' | 'current'>(state: State, ...keys: readonly Key[]): Omit<State, Key> {
  return Object.fromEntries(Object.entries(state).filter(([name]) => !keys.some((key) => key === name))) as Omit<State, Key>;
}
