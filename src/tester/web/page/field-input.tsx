import { useState } from 'preact/hooks';
import type { FieldInfo, KnownNames } from '../protocol.ts';
import { resolveDate } from './date-presets.ts';
import { formatNumber } from './locale.ts';
import { EMPTY_DRAFT, endsInQuotes, jsonProblem, SECRET_WAYS, splitEntries, type Draft, type SecretWay } from './drafts.ts';

interface FieldProps {
  readonly field: FieldInfo;
  readonly draft: Draft;
  readonly problem: string | undefined;
  /** What exists of what the field names, once it was read. */
  readonly names: KnownNames | undefined;
  /** The zone of the dates of the call, as far as the form knows it. */
  readonly zone: string | undefined;
  readonly onNeed: (kind: string) => void;
  readonly onDraft: (draft: Draft) => void;
}

/** What a control needs to be tied to its label, its hint and what is wrong with it. */
interface ControlProps {
  readonly field: FieldInfo;
  readonly draft: Draft;
  readonly onDraft: (draft: Draft) => void;
  readonly id: string;
  readonly describedBy: string;
  readonly isInvalid: boolean;
  readonly zone: string | undefined;
  readonly names: KnownNames | undefined;
  readonly onNeed: (kind: string) => void;
}

/** One argument: its name, what it means, the control of its kind, and what is wrong with it. */
export function FieldInput({ field, draft, problem, names, zone, onNeed, onDraft }: FieldProps) {
  const { name, kind, description, isRequired, isNullable } = field;
  const id = `field-${name}`;
  const found = problem ?? (kind === 'json' && draft.text !== '' && !draft.isNull ? jsonProblem(draft.text) : undefined);
  const control: ControlProps = {
    field,
    draft,
    onDraft,
    id,
    describedBy: `${id}-hint ${id}-problem`,
    isInvalid: found !== undefined,
    names,
    zone,
    onNeed,
  };
  const label = (
    <>
      {name} <span class="need">{isRequired ? 'required' : 'optional'}</span>
    </>
  );
  const hints = [
    description,
    field.default !== undefined && `Not stated, it is ${String(field.default)}.`,
    describeNames(draft.text, names),
  ];
  const rest = (
    <>
      <p class="hint" id={`${id}-hint`}>
        {hints.filter(Boolean).join(' ')}
      </p>
      {!draft.isNull && <Control {...control} />}
      {isNullable && (
        <label class="tick">
          <input type="checkbox" checked={draft.isNull} onChange={(event) => onDraft({ ...draft, isNull: event.currentTarget.checked })} />
          clear it (null)
        </label>
      )}
      <p class="problem" id={`${id}-problem`}>
        {found !== undefined && `${name} ${found}`}
      </p>
    </>
  );
  if (kind === 'choices' || kind === 'list') {
    return (
      <fieldset class="field" aria-describedby={control.describedBy}>
        <legend>{label}</legend>
        {rest}
      </fieldset>
    );
  }
  return (
    <div class="field">
      {draft.isNull ? <span class="label">{label}</span> : <label for={id}>{label}</label>}
      {rest}
    </div>
  );
}

/** Says what a name means, or why there are none to choose from. */
function describeNames(text: string, names: KnownNames | undefined): string | undefined {
  if (!names) return undefined;
  if ('problem' in names) return `Those that exist could not be read: ${names.problem}`;
  const { title } = names.known.find(({ value }) => value === text.trim()) ?? {};
  return title === undefined ? undefined : `It is ${title}.`;
}

function Control(props: ControlProps) {
  const { kind } = props.field;
  switch (kind) {
    case 'choice':
    case 'boolean':
      return <ChoiceControl {...props} />;
    case 'choices':
      return <ChoicesControl {...props} />;
    case 'list':
      return <ListControl {...props} />;
    case 'json':
      return <JsonControl {...props} />;
    case 'secret':
      return <SecretControl {...props} />;
    case 'text':
    case 'number':
    case 'datetime':
      return <TextControl {...props} />;
  }
}

/** The attributes that every control has. */
function makeAttributes({ id, describedBy, isInvalid, field: { isRequired } }: ControlProps) {
  return { id, 'aria-describedby': describedBy, 'aria-invalid': isInvalid, 'aria-required': isRequired } as const;
}

function TextControl(props: ControlProps) {
  const { field, draft, onDraft } = props;
  const { kind } = field;
  const input = (
    <input
      {...makeAttributes(props)}
      type={kind === 'datetime' ? 'datetime-local' : 'text'}
      step={kind === 'datetime' ? 1 : undefined}
      inputMode={kind === 'number' ? 'numeric' : undefined}
      autocomplete="off"
      spellcheck={false}
      value={draft.text}
      onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
    />
  );
  return (
    <>
      {field.names === undefined ? (
        input
      ) : (
        <div class="named">
          {input}
          <NameChooser {...props} kind={field.names} />
        </div>
      )}
      {field.presets && <Presets {...props} presets={field.presets} />}
    </>
  );
}

/** Chooses from what exists in the archive, which is read when it is first needed; what is written counts. */
function NameChooser({ field, draft, onDraft, names, onNeed, kind }: ControlProps & { readonly kind: string }) {
  const known = names && 'known' in names ? names : undefined;
  const need = () => onNeed(kind);
  return (
    <select
      aria-label={`Choose ${field.name} from those that exist`}
      value=""
      onPointerEnter={need}
      onFocus={need}
      onChange={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
    >
      <option value="">{names === undefined || known ? 'choose…' : 'not read'}</option>
      {known?.known.map(({ value, title }) => (
        <option key={value} value={value}>
          {title === undefined || title === value ? value : `${value} – ${title}`}
        </option>
      ))}
      {known && known.total > known.known.length && (
        <option value="" disabled>
          {formatNumber(known.total - known.known.length)} more are not listed
        </option>
      )}
    </select>
  );
}

/** The values that are needed most, each a button. */
function Presets({ field, presets, draft, zone, onDraft }: ControlProps & { readonly presets: readonly string[] }) {
  const resolve = (preset: string) => (field.kind === 'datetime' ? resolveDate(preset, zone) : preset);
  return (
    <div class="presets" role="group" aria-label={`Common values of ${field.name}`}>
      {presets.map((preset) => (
        <button
          key={preset}
          type="button"
          class="small"
          aria-pressed={draft.text === resolve(preset)}
          onClick={() => onDraft({ ...draft, text: draft.text === resolve(preset) ? '' : resolve(preset) })}
        >
          {preset}
        </button>
      ))}
    </div>
  );
}

function ChoiceControl(props: ControlProps) {
  const { field, draft, onDraft } = props;
  const choices = field.kind === 'boolean' ? ['true', 'false'] : (field.choices ?? []);
  return (
    <select {...makeAttributes(props)} value={draft.text} onChange={(event) => onDraft({ ...draft, text: event.currentTarget.value })}>
      <option value="">{field.isRequired ? 'choose' : 'not stated'}</option>
      {choices.map((choice) => (
        <option key={choice} value={String(choice)}>
          {choice}
        </option>
      ))}
    </select>
  );
}

function ChoicesControl({ field, draft, onDraft, id }: ControlProps) {
  const toggle = (choice: string) => {
    const { entries } = draft;
    onDraft({ ...draft, entries: entries.includes(choice) ? entries.filter((entry) => entry !== choice) : [...entries, choice] });
  };
  return (
    <div class="chips">
      {field.choices?.map(String).map((choice, index) => (
        <label key={choice} class="chip">
          <input
            id={index === 0 ? id : undefined}
            type="checkbox"
            checked={draft.entries.includes(choice)}
            onChange={() => toggle(choice)}
          />
          {choice}
        </label>
      ))}
    </div>
  );
}

/** A list of texts: each is a chip, followed by the input for the next one. */
function ListControl(props: ControlProps) {
  const { draft, onDraft, field, id } = props;
  const { entries, text } = draft;
  const add = () => {
    if (text !== '') onDraft({ ...draft, entries: [...entries, ...splitEntries(text)], text: '' });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || (event.key === ',' && !endsInQuotes(text))) {
      event.preventDefault();
      add();
    } else if (event.key === 'Backspace' && text === '') onDraft({ ...draft, entries: entries.slice(0, -1) });
  };
  return (
    <div class="chips">
      {entries.map((entry, index) => (
        <span key={`${index} ${entry}`} class="chip">
          {entry}
          <button
            type="button"
            aria-label={`Remove ${entry}`}
            onClick={() => {
              onDraft({ ...draft, entries: entries.filter((_, other) => other !== index) });
              document.getElementById(id)?.focus();
            }}
          >
            ×
          </button>
        </span>
      ))}
      <input
        {...makeAttributes(props)}
        type="text"
        aria-label={`Add to ${field.name}`}
        placeholder="Enter adds it"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
        onKeyDown={onKeyDown}
        onBlur={add}
      />
    </div>
  );
}

function JsonControl(props: ControlProps) {
  const { draft, onDraft } = props;
  const isValid = draft.text !== '' && jsonProblem(draft.text) === undefined;
  return (
    <>
      <textarea
        {...makeAttributes(props)}
        class="code"
        rows={8}
        spellcheck={false}
        value={draft.text}
        onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
      />
      <button
        type="button"
        class="small"
        disabled={!isValid}
        onClick={() => onDraft({ ...draft, text: JSON.stringify(JSON.parse(draft.text), undefined, 2) })}
      >
        Indent
      </button>
    </>
  );
}

const WAY_LABELS: Readonly<Record<SecretWay, string>> = {
  here: 'written here',
  fromEnv: 'from a variable',
  fromFile: 'from a file',
  generate: 'generated, into a file',
};

function SecretControl(props: ControlProps) {
  const { field, draft, onDraft, id } = props;
  const [isVisible, setVisible] = useState(false);
  const { way } = draft;
  const isSecret = way === 'here';
  return (
    <div class="secret">
      <select
        id={way === 'generate' ? id : undefined}
        aria-label={`Where ${field.name} comes from`}
        value={way}
        onChange={(event) => onDraft({ ...EMPTY_DRAFT, way: SECRET_WAYS.find((known) => known === event.currentTarget.value) ?? 'here' })}
      >
        {SECRET_WAYS.map((known) => (
          <option key={known} value={known}>
            {WAY_LABELS[known]}
          </option>
        ))}
      </select>
      {way !== 'generate' && (
        <input
          {...makeAttributes(props)}
          type={isSecret && !isVisible ? 'password' : 'text'}
          placeholder={way === 'fromEnv' ? 'MAILSTORE_SECRET_…' : way === 'fromFile' ? 'a file in MAILSTORE_SECRETS_DIR' : ''}
          autocomplete="off"
          spellcheck={false}
          value={draft.text}
          onInput={(event) => onDraft({ ...draft, text: event.currentTarget.value })}
        />
      )}
      {isSecret && (
        <button type="button" class="small" aria-pressed={isVisible} onClick={() => setVisible(!isVisible)}>
          Show
        </button>
      )}
    </div>
  );
}
