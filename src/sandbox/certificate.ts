import { X509Certificate } from 'node:crypto';
import { DAY_MS } from '../base/clock.ts';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
  /** SHA-256 of the certificate, as upper-case hex with colons. */
  readonly fingerprint: string;
}

const VALID_DAYS = 365;

/** Makes a self-signed certificate for localhost, 127.0.0.1, ::1 and the given host. */
export async function createCertificate(host: string): Promise<Certificate> {
  const names = new Set(['localhost']);
  const addresses = new Set(['127.0.0.1', '::1']);
  (isAddress(host) ? addresses : names).add(host);
  const now = Date.now();
  const { cert, private: privateKey } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // A day early, so that a client whose clock is a little slow accepts it too.
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + VALID_DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [...[...names].map((value) => ({ type: 2 as const, value })), ...[...addresses].map((ip) => ({ type: 7 as const, ip }))],
      },
    ],
  });
  return { certificate: cert, privateKey, fingerprint: new X509Certificate(cert).fingerprint256 };
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}
