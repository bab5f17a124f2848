import { createHash, timingSafeEqual } from 'node:crypto';

/** What a request says about itself and where it comes from. */
export interface RequestHead {
  readonly method: string;
  /** The path with its query, as it came. */
  readonly url: string;
  readonly host?: string | undefined;
  readonly origin?: string | undefined;
  readonly contentType?: string | undefined;
  /** `Sec-Fetch-Site`, which a page cannot set. */
  readonly fetchSite?: string | undefined;
}

/** The page's own address. */
export interface Site {
  readonly port: number;
  /** The secret first part of every path. */
  readonly token: string;
}

/** A request that is let in, by its path below the token, or why it is not. */
export type Judged =
  | { readonly kind: 'accepted'; readonly method: 'GET' | 'POST'; readonly path: string; readonly query: URLSearchParams }
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 405 | 415 | 421; readonly reason: string };

/**
 * Decides whether a request is the page's own. A name that was made to point at this machine shows in `Host`, another page in `Origin` and
 * `Sec-Fetch-Site`, and who does not know the token finds nothing.
 */
export function judgeRequest({ method, url, host, origin, contentType, fetchSite }: RequestHead, { port, token }: Site): Judged {
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return { kind: 'refused', status: 421, reason: 'This server answers to 127.0.0.1 and localhost only.' };
  }
  if (origin !== undefined && origin !== `http://${host}`)
    return { kind: 'refused', status: 403, reason: 'The request comes from another page.' };
  if (fetchSite !== undefined && fetchSite !== 'same-origin' && fetchSite !== 'none') {
    return { kind: 'refused', status: 403, reason: 'The request comes from another site.' };
  }
  const [, first = '', path] = /^\/([^/?#]*)\/([^?#]*)/.exec(url) ?? [];
  if (path === undefined || !isSame(first, token)) return { kind: 'refused', status: 404, reason: 'There is nothing here.' };
  if (method !== 'GET' && method !== 'POST') return { kind: 'refused', status: 405, reason: 'GET and POST are answered here.' };
  if (method === 'POST') {
    if (origin === undefined) return { kind: 'refused', status: 403, reason: 'The request does not say which page it comes from.' };
    if (!/^application\/json(?:\s*;|$)/i.test(contentType ?? '')) {
      return { kind: 'refused', status: 415, reason: 'The content type has to be application/json.' };
    }
  }
  return { kind: 'accepted', method, path, query: new URLSearchParams(/\?([^#]*)/.exec(url)?.[1]) };
}

/** Compares in constant time. */
function isSame(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(secret));
}
