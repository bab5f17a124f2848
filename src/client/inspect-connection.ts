import { lookup } from 'node:dns/promises';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type PeerCertificate, type TLSSocket } from 'node:tls';
import { readErrno } from '../base/errno.ts';

/** The certificate that a server showed. */
export interface ServerCertificate {
  readonly subject: string;
  readonly issuer: string;
  /** ISO 8601 UTC. */
  readonly validFrom: string;
  readonly validTo: string;
  /** SHA-256 as upper-case hex pairs with colons. */
  readonly fingerprint: string;
  /** PEM text. */
  readonly pem: string;
  /** Why the system's trust, or the CA that was given, refuses it; undefined where it is trusted. */
  readonly untrusted?: string;
}

/** How far a connection to a server got. */
export type ConnectionFinding =
  | { readonly kind: 'hostNotFound'; readonly host: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'tlsFailed'; readonly reason: string; readonly isOldVersion: boolean }
  | { readonly kind: 'connected'; readonly protocol: string; readonly certificate: ServerCertificate };

interface InspectOptions {
  readonly ca?: string;
  /** Time limit for each step: the name, the connection, the TLS handshake. */
  readonly timeoutMs?: number;
}

/** Resolves the name, connects, and does the TLS handshake. No byte of a request is sent, so no password is. */
export async function inspectConnection(origin: string, { ca, timeoutMs = 10_000 }: InspectOptions = {}): Promise<ConnectionFinding> {
  const { hostname, port } = new URL(origin);
  const host = hostname.replaceAll(/^\[|\]$/g, '');
  try {
    await lookup(host);
  } catch {
    return { kind: 'hostNotFound', host };
  }
  const socket = connectTcp({ host, port: Number(port || 443) });
  const opened = await settle(socket, 'connect', timeoutMs);
  if (opened !== undefined) {
    socket.destroy();
    return opened === 'timeout' ? { kind: 'timeout' } : { kind: 'refused', reason: readErrno(opened) ?? opened.message };
  }
  const secure = connectTls({
    socket,
    host,
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
    ...(ca !== undefined && { ca }),
  });
  const problem = await settle(secure, 'secureConnect', timeoutMs);
  const finding = problem === undefined ? describeConnection(secure) : describeProblem(problem);
  secure.destroy();
  return finding;
}

/** Resolves with undefined at the event, with the error that came instead, or with `timeout`. */
async function settle(socket: Socket, event: string, timeoutMs: number): Promise<Error | 'timeout' | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('timeout'), timeoutMs);
    const end = (result: Error | undefined) => {
      clearTimeout(timer);
      resolve(result);
    };
    socket.once(event, () => end(undefined));
    // A second error after the first has no receiver.
    socket.on('error', (error: Error) => end(error));
    socket.once('close', () => end(new Error('The connection was closed.')));
  });
}

function describeProblem(problem: Error | 'timeout'): ConnectionFinding {
  if (problem === 'timeout') return { kind: 'timeout' };
  const reason = readErrno(problem) ?? problem.message;
  return { kind: 'tlsFailed', reason, isOldVersion: /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/i.test(reason) };
}

function describeConnection(socket: TLSSocket): ConnectionFinding {
  const certificate = socket.getPeerCertificate();
  const { authorizationError } = socket;
  // Node documents an Error and gives the code as a text.
  const untrusted = socket.authorized ? undefined : String(authorizationError);
  return {
    kind: 'connected',
    protocol: socket.getProtocol() ?? 'unknown',
    certificate: { ...describeCertificate(certificate), ...(untrusted !== undefined && { untrusted }) },
  };
}

function describeCertificate({ subject, issuer, valid_from: from, valid_to: to, fingerprint256, raw }: PeerCertificate): ServerCertificate {
  return {
    subject: describeName(subject),
    issuer: describeName(issuer),
    validFrom: new Date(from).toISOString(),
    validTo: new Date(to).toISOString(),
    fingerprint: fingerprint256,
    pem: `-----BEGIN CERTIFICATE-----\n${raw.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  };
}

function describeName(name: PeerCertificate['subject']): string {
  return Object.entries(name)
    .map(([key, value]) => `${key}=${String(value)}`)
    .join(', ');
}
