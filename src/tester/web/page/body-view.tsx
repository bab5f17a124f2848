import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toVisible } from '../../../base/visible.ts';
import { prettyTokens } from './format-body.ts';
import { sizeLabel } from './labels.ts';

/** Characters that are shown before the rest is asked for. */
const SHOWN = 200_000;

/** Above this many characters, colours would cost the browser more than they help. */
const COLOURED = 60_000;

interface Props {
  readonly label: string;
  readonly body: string;
  readonly contentType: string;
  readonly isRaw: boolean;
}

/** A body as text, never as markup, with what hides in it made visible. */
export function BodyView({ label, body, contentType, isRaw }: Props) {
  const [isWhole, setWhole] = useState(false);
  if (body === '') return <p class="hint">No body.</p>;
  const isCut = body.length > SHOWN && !isWhole;
  const shown = isCut ? body.slice(0, SHOWN) : body;
  return (
    <>
      <Code label={label}>{isRaw ? toVisible(shown) : <Pretty text={shown} contentType={contentType} />}</Code>
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

function Pretty({ text, contentType }: { readonly text: string; readonly contentType: string }) {
  const tokens = prettyTokens(text, contentType);
  if (text.length > COLOURED) return <>{toVisible(tokens.map((token) => token.text).join(''))}</>;
  return (
    <>
      {tokens.map((token, index) =>
        token.kind === 'plain' ? (
          toVisible(token.text)
        ) : (
          <span key={index} class={`token-${token.kind}`}>
            {toVisible(token.text)}
          </span>
        ),
      )}
    </>
  );
}

/** A value as indented JSON. */
export function ValueView({ label, value }: { readonly label: string; readonly value: unknown }) {
  return <BodyView label={label} body={JSON.stringify(value) ?? 'nothing'} contentType="application/json" isRaw={false} />;
}
