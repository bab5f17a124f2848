import { API_PORT } from '../../config/setting-types.ts';

/** Completes what a person typed to `https://host:8463`. Returns undefined where it is no address, or one of another scheme. */
export function completeAddress(typed: string): string | undefined {
  const text = typed.trim().replaceAll(/^["']|["']$/g, '');
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(text);
  if (hasScheme && !/^https:\/\//i.test(text)) return undefined;
  try {
    const url = new URL(hasScheme ? text : `https://${text}`);
    if (url.hostname === '' || url.username !== '' || url.password !== '') return undefined;
    // `URL` drops a port that is the scheme's own, so the text says whether one was typed.
    const hasPort = /:\d+\/?$/.test(text.replace(/^https:\/\//i, '').replace(/[/?#].*$/, ''));
    return hasPort ? url.origin : `https://${url.hostname}:${API_PORT}`;
  } catch {
    return undefined;
  }
}
