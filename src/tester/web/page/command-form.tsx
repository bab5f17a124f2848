import { describeSafety } from '../../safety-words.ts';
import type { CommandInfo, CurrentConfiguration, FieldInfo, Problem } from '../protocol.ts';
import { EMPTY_DRAFT, type Draft, type Drafts } from './drafts.ts';
import { ConfigurationView } from './configuration-view.tsx';
import { EffectBadge } from './effect-badge.tsx';
import { FieldInput } from './field-input.tsx';
import type { NamesByKind } from './use-names.ts';
import type { WayChoice } from './ways.ts';

/** The name of the choice that several fields make together, among the fields. */
export const WAY_FIELD = 'way';

interface Props {
  readonly command: CommandInfo;
  /** The fields that count with the way that was chosen. */
  readonly fields: readonly FieldInfo[];
  readonly choice: WayChoice | undefined;
  readonly onWay: (way: string) => void;
  /** What exists in the archive, as far as it was read. */
  readonly names: NamesByKind;
  readonly onNeed: (kind: string) => void;
  readonly drafts: Drafts;
  readonly problems: readonly Problem[];
  readonly isSending: boolean;
  /** Why the command cannot be sent here. */
  readonly refusal: string | undefined;
  readonly onDraft: (field: string, draft: Draft) => void;
  readonly onFill: (args: Readonly<Record<string, unknown>>) => void;
  readonly onSend: () => void;
  /** True when the tester's process does not answer. */
  readonly isGone: boolean;
  /** What the configuration of the command is now, once it was read. */
  readonly current: CurrentConfiguration | undefined;
  /** Reads it into the form. */
  readonly onLoad: () => void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
  readonly onLink: () => void;
}

/** The form of one command, made from its declaration. */
export function CommandForm(props: Props) {
  const {
    command,
    fields,
    choice,
    onWay,
    names,
    onNeed,
    drafts,
    problems,
    isSending,
    refusal,
    onDraft,
    onFill,
    onSend,
    canUndo,
    canRedo,
    onUndo,
    onRedo,
    onLink,
    isGone,
    current,
    onLoad,
  } = props;
  const { name, title, summary, isLong, isDoubtful, since, example, configuration } = command;
  const firstOfChoice = fields.findIndex(({ choiceOf }) => choiceOf !== undefined);
  const wayProblem = problems.find(({ field }) => field === WAY_FIELD)?.message;
  const whole = problems.filter(({ field }) => field === undefined);
  const zoneField = fields.find(({ names: kind }) => kind === 'time zone');
  const zone = (zoneField && drafts[zoneField.name]?.text) || zoneField?.default;
  const renderField = (field: FieldInfo) => (
    <FieldInput
      key={`${name} ${field.name}`}
      field={field}
      draft={drafts[field.name] ?? EMPTY_DRAFT}
      problem={problems.find((problem) => problem.field === field.name)?.message}
      names={field.names === undefined ? undefined : names[field.names]}
      zone={zone === undefined ? undefined : String(zone)}
      onNeed={onNeed}
      onDraft={(draft) => onDraft(field.name, draft)}
    />
  );
  return (
    <form
      class="command-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        onSend();
      }}
    >
      <h2 id="form-heading" tabIndex={-1}>
        {title}
      </h2>
      <p class="facts">
        <code>{name}</code> <EffectBadge command={command} />
        {isLong && <span class="badge">long</span>}
        {since !== undefined && <span class="hint">since {since}</span>}
      </p>
      <p>{summary}</p>
      {describeSafety(command).map((sentence) => (
        <p key={sentence} class="hint safety">
          {sentence}
        </p>
      ))}
      {isDoubtful && <p class="hint">Only some servers have it.</p>}
      {refusal !== undefined && (
        <p class="notice" id="refusal">
          {refusal}
        </p>
      )}
      {command.fields.length === 0 && <p class="hint">It takes no arguments.</p>}
      {configuration !== undefined && (
        <p class="actions">
          <button type="button" disabled={isSending || isGone} onClick={onLoad}>
            Load what is set
          </button>
          <span class="hint">into {configuration}. What is left out of it stays as it is.</span>
        </p>
      )}
      {(firstOfChoice === -1 ? fields : fields.slice(0, firstOfChoice)).map(renderField)}
      {choice && <WayInput choice={choice} problem={wayProblem} onWay={onWay} />}
      {firstOfChoice !== -1 && fields.slice(firstOfChoice).map(renderField)}
      {configuration !== undefined && current && <ConfigurationView current={current} written={drafts[configuration]?.text ?? ''} />}
      {whole.map(({ message }) => (
        <p key={message} class="problem">
          {message}
        </p>
      ))}
      <p class="actions send-bar">
        <button
          type="submit"
          class="primary"
          title="Ctrl or ⌘ with Enter"
          disabled={isGone || refusal !== undefined}
          // A button that is disabled while it works would lose the focus, and a person at the keyboard their place.
          aria-disabled={isSending}
          aria-describedby={refusal && 'refusal'}
        >
          {isSending ? 'Sending…' : configuration !== undefined && !current ? 'Show what changes' : 'Send'}
        </button>
        {command.fields.length > 0 && (
          <>
            <button type="button" onClick={() => onFill(example)}>
              Example
            </button>
            <button type="button" onClick={() => onFill({})}>
              Clear
            </button>
            {canUndo && (
              <button type="button" onClick={onUndo}>
                Undo
              </button>
            )}
            {canRedo && (
              <button type="button" onClick={onRedo}>
                Redo
              </button>
            )}
          </>
        )}
        <button type="button" onClick={onLink}>
          Copy link
        </button>
      </p>
    </form>
  );
}

interface WayInputProps {
  readonly choice: WayChoice;
  readonly problem: string | undefined;
  readonly onWay: (way: string) => void;
}

/** The choice that several fields make together: those of the chosen way follow. */
function WayInput({ choice: { title, ways, way }, problem, onWay }: WayInputProps) {
  const id = `field-${WAY_FIELD}`;
  return (
    <div class="field">
      <label for={id}>
        {title} <span class="need">required</span>
      </label>
      <select
        id={id}
        aria-invalid={problem !== undefined}
        aria-required
        aria-describedby={`${id}-problem`}
        value={way ?? ''}
        onChange={(event) => onWay(event.currentTarget.value)}
      >
        <option value="" disabled>
          choose
        </option>
        {ways.map((known) => (
          <option key={known} value={known}>
            {known}
          </option>
        ))}
      </select>
      <p class="problem" id={`${id}-problem`}>
        {problem !== undefined && `${title} ${problem}`}
      </p>
    </div>
  );
}
