import type { TLSSocket } from 'node:tls';
import { MailStoreError } from '../base/errors.ts';

/** How the server's certificate is checked: by the system's trust, a private CA, or the fingerprint of the certificate itself. */
export interface TlsTrust {
  /** SHA-256 of the server certificate as upper-case hex pairs with colons; it replaces the check of the chain and of the host name. */
  readonly fingerprint?: string;
  /** PEM text of a private CA, trusted instead of the system's. */
  readonly ca?: string;
}

/** Returns why the certificate of a complete handshake is refused, or undefined for one that is accepted. */
export function checkCertificate(socket: TLSSocket, origin: string, trust: TlsTrust): MailStoreError | undefined {
  const seen = socket.getPeerCertificate().fingerprint256 ?? 'none';
  if (trust.fingerprint !== undefined) {
    return seen === trust.fingerprint
      ? undefined
      : new MailStoreError('certificateMismatch', { origin, expected: trust.fingerprint, seen });
  }
  if (socket.authorized) return undefined;
  return new MailStoreError('certificateUntrusted', { origin, reason: String(socket.authorizationError), fingerprint: seen });
}
