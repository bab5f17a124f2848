import { X509Certificate } from 'node:crypto';
import { DAY_MS } from '../../src/base/clock.ts';
import { generate } from 'selfsigned';
import type { Certificate } from '../../src/sandbox/certificate.ts';

const KEYS = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** A certificate authority of a company's own. */
export interface Authority {
  /** Its certificate, as PEM. */
  readonly certificate: string;
  /** Makes a certificate for a server; `host` is a name or an IPv4 address. */
  issue(host: string, options?: { readonly expired?: true; readonly subject?: string }): Promise<Certificate>;
}

export async function createAuthority(name = 'Example Company CA'): Promise<Authority> {
  const ca = await generate([{ name: 'commonName', value: name }], {
    ...KEYS,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return {
    certificate: ca.cert,
    issue: async (host, { expired, subject = 'MailStore' } = {}) => {
      const now = Date.now();
      const isAddress = /^[\d.]+$/.test(host);
      const { cert, private: privateKey } = await generate([{ name: 'commonName', value: subject }], {
        ...KEYS,
        ca: { key: ca.private, cert: ca.cert },
        notBeforeDate: new Date(now - 10 * DAY_MS),
        notAfterDate: new Date(now + (expired ? -DAY_MS : DAY_MS)),
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'extKeyUsage', serverAuth: true },
          { name: 'subjectAltName', altNames: [isAddress ? { type: 7, ip: host } : { type: 2, value: host }] },
        ],
      });
      return { certificate: cert, privateKey, fingerprint: new X509Certificate(cert).fingerprint256 };
    },
  };
}
