import type { ComponentChildren } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { toVisible } from '../../../base/escape-hidden.ts';
import { prettyTokens, type Token } from './format-body.ts';
import { sizeLabel } from './labels.ts';

/** Characters that are shown before the rest is asked for. */
const SHOWN = 200_000;

/** Above this many characters, colours would cost the browser more than they help. */
const COLOURED = 60_000;

/** Above this many characters, a body is shown as it came: indenting it would hold up the page. */
const INDENTED = 4_000_000;

interface Props {
  readonly label: string;
  readonly body: string;
  readonly contentType: string;
  readonly isRaw: boolean;
}

/** A body as text, never as markup, with what hides in it made visible. */
export function BodyView({ label, body, contentType, isRaw }: Props) {
  const [isWhole, setWhole] = useState(false);
  const tokens = useMemo((): readonly Token[] => {
    return isRaw || body.length > INDENTED ? [{ kind: 'plain', text: body }] : prettyTokens(body, contentType);
  }, [body, contentType, isRaw]);
  const text = useMemo(() => tokens.map((token) => token.text).join(''), [tokens]);
  if (body === '') return <p class="hint">No body.</p>;
  const isCut = text.length > SHOWN && !isWhole;
  return (
    <>
      <Code label={label}>
        {text.length > COLOURED ? toVisible(isCut ? text.slice(0, SHOWN) : text) : tokens.map((token, index) => colour(token, index))}
      </Code>
      {isCut && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          Show all {sizeLabel(body.length)}
        </button>
      )}
    </>
  );
}

interface CodeProps {
  readonly label: string;
  /** True for sentences. */
  readonly isProse?: boolean;
  readonly children: ComponentChildren;
}

/** A block of text that scrolls in itself and can be reached by the keyboard. */
export function Code({ label, isProse = false, children }: CodeProps) {
  return (
    <pre tabIndex={0} role="region" aria-label={label} class={isProse ? 'prose' : undefined}>
      {children}
    </pre>
  );
}

function colour({ kind, text }: Token, key: number): ComponentChildren {
  if (kind === 'plain') return toVisible(text);
  return (
    <span key={key} class={`token-${kind}`}>
      {toVisible(text)}
    </span>
  );
}

/** A value as indented JSON. */
export function ValueView({ label, value }: { readonly label: string; readonly value: unknown }) {
  return <BodyView label={label} body={JSON.stringify(value) ?? 'nothing'} contentType="application/json" isRaw={false} />;
}
