import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { toVisible } from '../../../base/escape-hidden.ts';
import { foldNulls, prettyTokens, splitTokens, type Token } from './format-body.ts';
import { formatCount, formatSize } from './locale.ts';

/** Characters that are shown before the rest is asked for. */
const SHOWN = 200_000;

/** Characters that are coloured together, as soon as they come near to what is in view. */
const CHUNK = 4000;

/** Above this many characters, a body is shown as it came: indenting it would hold up the page. */
const INDENTED = 4_000_000;

interface Props {
  readonly label: string;
  readonly body: string;
  readonly contentType: string;
  readonly isRaw: boolean;
}

/** A body as text, never as markup, with what hides in it made visible. Fields of an envelope that are null are folded. */
export function BodyView({ label, body, contentType, isRaw }: Props) {
  const [isWhole, setWhole] = useState(false);
  const [hasNulls, setNulls] = useState(false);
  const isPretty = !isRaw && body.length <= INDENTED;
  const { tokens, nulls } = useMemo(() => {
    if (!isPretty) return { tokens: [{ kind: 'plain', text: body } as const], nulls: 0 };
    const all = prettyTokens(body, contentType);
    return hasNulls ? { tokens: all, nulls: foldNulls(all).nulls } : foldNulls(all);
  }, [body, contentType, isPretty, hasNulls]);
  const chunks = useMemo(() => splitTokens(tokens, CHUNK), [tokens]);
  if (body === '') return <p class="hint">No body.</p>;
  const isCut = chunks.length > SHOWN / CHUNK && !isWhole;
  return (
    <>
      {nulls > 0 && (
        <button type="button" class="small fold" aria-expanded={hasNulls} onClick={() => setNulls(!hasNulls)}>
          {hasNulls ? 'Fold' : 'Show'} {formatCount(nulls, 'field')} that {nulls === 1 ? 'is' : 'are'} null
        </button>
      )}
      <Code label={label}>
        {(isCut ? chunks.slice(0, SHOWN / CHUNK) : chunks).map((chunk, index) => (
          <Chunk key={index} tokens={chunk} isNear={index === 0} />
        ))}
      </Code>
      {isCut && (
        <button type="button" class="small" onClick={() => setWhole(true)}>
          Show all {formatSize(body.length)}
        </button>
      )}
    </>
  );
}

/** A stretch of a body; its colours come when it comes near to what is in view. */
function Chunk({ tokens, isNear }: { readonly tokens: readonly Token[]; readonly isNear: boolean }) {
  const element = useRef<HTMLSpanElement>(null);
  const [isColoured, setColoured] = useState(isNear);
  useEffect(() => {
    if (isColoured || !element.current) return;
    const observer = new IntersectionObserver((entries) => setColoured(entries.some(({ isIntersecting }) => isIntersecting)), {
      root: element.current.closest('pre'),
      rootMargin: '600px',
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [isColoured]);
  return <span ref={element}>{isColoured ? tokens.map(colour) : toVisible(tokens.map(({ text }) => text).join(''))}</span>;
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
