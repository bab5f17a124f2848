import { useEffect, useRef, useState } from 'preact/hooks';
import type { ApiForm } from '../../../base/target.ts';
import type { KnownNames, NamesRequest } from '../protocol.ts';
import { postJson } from './requests.ts';

/** What exists, by what it is, such as the users; nothing for what was not asked for. */
export type NamesByKind = Readonly<Record<string, KnownNames>>;

/**
 * Reads what exists of a kind at a target when a form first needs it, and returns it with what asks for it. `revision` is another number whenever a
 * call may have changed what exists.
 */
export function useNames(
  target: string,
  form: ApiForm,
  revision: number,
): { readonly names: NamesByKind; readonly onNeed: (kind: string) => void } {
  const key = `${target} ${form} ${revision}`;
  const [read, setRead] = useState<{ readonly key: string; readonly names: NamesByKind }>({ key, names: {} });
  const asked = useRef({ key, kinds: new Set<string>() });
  if (asked.current.key !== key) asked.current = { key, kinds: new Set() };
  const latest = useRef(key);
  useEffect(() => {
    latest.current = key;
  }, [key]);
  const onNeed = (kind: string) => {
    if (asked.current.kinds.has(kind)) return;
    asked.current.kinds.add(kind);
    const request: NamesRequest = { names: kind, target, form };
    postJson<KnownNames>('names', request).then(
      (found) => {
        if (latest.current === key) setRead((before) => ({ key, names: { ...(before.key === key && before.names), [kind]: found } }));
      },
      // The form works without: what is written is sent.
      () => asked.current.kinds.delete(kind),
    );
  };
  return { names: read.key === key ? read.names : {}, onNeed };
}
