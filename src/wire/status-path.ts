import { excerpt, MailStoreError } from '../base/errors.ts';

const STATUS_PATH = /^\/(?:JSON|XML)\/Status\/([^/]+)$/;

/**
 * Returns the path under which the status of a run is asked, judged on the resolved URL. Both a path that the server has just named and one
 * that the journal kept pass here, because each status request carries the administrator's login.
 * Throws MailStoreError `foreignStatusUrl` for anything but one segment under `/JSON/Status/` or `/XML/Status/` of the origin.
 */
export function readStatusPath(statusUrl: string, origin: string): string {
  const path = resolve(statusUrl, origin);
  if (path === undefined) throw new MailStoreError('foreignStatusUrl', { url: excerpt(statusUrl), origin });
  return path;
}

/** True for a URL whose path `readStatusPath` returns. */
export function isStatusUrl(statusUrl: string, origin: string): boolean {
  return resolve(statusUrl, origin) !== undefined;
}

/** Returns the last segment of a status path, which is the token where the server states none. */
export function readToken(statusPath: string): string {
  return STATUS_PATH.exec(statusPath)?.[1] ?? statusPath;
}

function resolve(statusUrl: string, origin: string): string | undefined {
  // Printable ASCII without the backslash: the URL parser would turn it into a separator, and drop tabs and line breaks.
  if (!/^[!-[\]-~]+$/.test(statusUrl) || !URL.canParse(statusUrl, origin)) return undefined;
  const url = new URL(statusUrl, origin);
  const [, segment] = STATUS_PATH.exec(url.pathname) ?? [];
  const isPlain = url.origin === origin && url.username === '' && url.password === '' && !/[?#]/.test(statusUrl);
  return isPlain && segment !== undefined && isToken(segment) ? url.pathname : undefined;
}

/** Dots and separators are refused in every encoding: what a server decodes once more must not lead out of the folder. */
function isToken(segment: string): boolean {
  try {
    const token = decodeURIComponent(segment);
    return /^[ -~]+$/.test(token) && !/[./\\%?#]/.test(token);
  } catch {
    return false;
  }
}
