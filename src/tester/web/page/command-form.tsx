import { describeSafety } from '../../safety-words.ts';
import type { CommandInfo, CurrentConfiguration, Problem } from '../protocol.ts';
import { EMPTY_DRAFT, type Draft, type Drafts } from './drafts.ts';
import { ConfigurationView } from './configuration-view.tsx';
import { EffectBadge } from './effect-badge.tsx';
import { FieldInput } from './field-input.tsx';

interface Props {
  readonly command: CommandInfo;
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
  const { name, title, summary, isLong, isDoubtful, since, fields, example, configuration } = command;
  const whole = problems.filter(({ field }) => field === undefined);
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
      {fields.length === 0 && <p class="hint">It takes no arguments.</p>}
      {configuration !== undefined && (
        <p class="actions">
          <button type="button" disabled={isSending || isGone} onClick={onLoad}>
            Load what is set
          </button>
          <span class="hint">into {configuration}. What is left out of it stays as it is.</span>
        </p>
      )}
      {fields.map((field) => (
        <FieldInput
          key={`${name} ${field.name}`}
          field={field}
          draft={drafts[field.name] ?? EMPTY_DRAFT}
          problem={problems.find((problem) => problem.field === field.name)?.message}
          onDraft={(draft) => onDraft(field.name, draft)}
        />
      ))}
      {configuration !== undefined && current && <ConfigurationView current={current} written={drafts[configuration]?.text ?? ''} />}
      {whole.map(({ message }) => (
        <p key={message} class="problem">
          {message}
        </p>
      ))}
      <p class="actions">
        <button
          type="submit"
          class="primary"
          disabled={isSending || isGone || refusal !== undefined}
          aria-describedby={refusal && 'refusal'}
        >
          {isSending ? 'Sending…' : configuration !== undefined && !current ? 'Show what changes' : 'Send'}
        </button>
        {fields.length > 0 && (
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
        <span class="hint keys">
          <kbd>Ctrl</kbd> or <kbd>⌘</kbd> with <kbd>Enter</kbd> sends
        </span>
      </p>
    </form>
  );
}
