import { excerpt, MailStoreError } from '../base/errors.ts';
import { errorText, readText, refusePage } from './body.ts';
import type { WireResponse } from './reply.ts';

/** What the errors of an HTTP status name. */
export interface Addressed {
  readonly origin: string;
  readonly user: string;
}

/**
 * Throws for a 404 to the question for a status: `tokenUnknown` where it is MailStore's own form of a denial, which is no page (protocol.md
 * §2.6), and `notMailStore` for the page of a proxy or another server.
 */
export function refuseToken(response: WireResponse, command: string, origin: string): never {
  refusePage(readText(response, command), response.contentType, origin);
  throw new MailStoreError('tokenUnknown', { command });
}

/** Throws MailStoreError `unavailable` for HTTP 503, and `gatewayFailed` for what a proxy answers that got no answer itself. */
export function refuseUnavailable(status: number, origin: string): void {
  if (status === 503) throw new MailStoreError('unavailable', { origin });
  if (status === 502 || status === 504) throw new MailStoreError('gatewayFailed', { status, origin });
}

/** Throws the MailStoreError of an HTTP status other than 200 that means the same in every dialect. */
export function refuseHttpError(response: WireResponse, path: string, { origin, user }: Addressed): never {
  refuseUnavailable(response.status, origin);
  switch (response.status) {
    case 401:
      throw new MailStoreError('unauthorized', { user });
    case 403:
      throw new MailStoreError('forbidden', { user });
    case 404:
      throw new MailStoreError('pathNotFound', { path });
    case 411:
      throw new MailStoreError('lengthRequired', {});
    default: {
      if (response.status >= 300 && response.status < 400 && response.location !== undefined) {
        throw new MailStoreError('redirected', { status: response.status, origin, host: readHost(response.location, origin) });
      }
      const text = readText(response, path);
      if (response.status < 400 || response.status >= 500) refusePage(text, response.contentType, origin);
      const code = response.status >= 400 && response.status < 500 ? 'turnedAway' : 'unexpectedStatus';
      throw new MailStoreError(code, { status: response.status, excerpt: errorText(text) });
    }
  }
}

/** Returns the host that a redirect leads to. */
function readHost(location: string, origin: string): string {
  return URL.canParse(location, origin) ? new URL(location, origin).host || excerpt(location) : excerpt(location);
}
