import { catalogueFor } from '../../../tools/index.ts';
import { DAY_MS, systemClock } from '../../base/clock.ts';
import { excerpt, isError, MailStoreError } from '../../base/errors.ts';
import { createLog } from '../../base/log.ts';
import { Redactor } from '../../masking/redactor.ts';
import { MailStoreClient } from '../../client/client.ts';
import type { KnownCommands } from '../../client/known-commands.ts';
import { inspectConnection, type ConnectionFinding, type ServerCertificate } from '../../client/inspect-connection.ts';
import type { Target } from '../../config/load.ts';
import { describeLogin } from '../backend.ts';
import type { Diagnosis } from './causes.ts';

const EXPIRES_SOON_DAYS = 30;

/** A difference of clocks that is worth a word, in milliseconds. */
const CLOCK_TOLERANCE_MS = 120_000;

interface CheckOptions {
  readonly now?: number;
  /** Secrets that no finding may show, in addition to the password of the target. */
  readonly secrets?: readonly string[];
  /** Remembers which commands the server has, so that the next start offers them. */
  readonly known?: KnownCommands;
}

/**
 * Checks the way to one MailStore: name, port, TLS, certificate, login, API and clock. Stops at the first that fails. What the server says, its
 * certificate included, is masked.
 */
export async function checkServer(
  target: Target,
  timeoutMs: number,
  { now = Date.now(), secrets = [], known }: CheckOptions = {},
): Promise<readonly Diagnosis[]> {
  const redactor = new Redactor();
  redactor.add(target.password, target.username);
  for (const secret of secrets) redactor.add(secret);
  const findings = await checkConnection(target, { timeoutMs, now, redactor, known });
  return findings.map((finding) => ({ ...finding, says: redactor.text(finding.says) }));
}

interface ServerCheck {
  readonly timeoutMs: number;
  readonly now: number;
  readonly redactor: Redactor;
  readonly known: KnownCommands | undefined;
}

async function checkConnection(target: Target, circumstances: ServerCheck): Promise<readonly Diagnosis[]> {
  const { origin } = target;
  const { timeoutMs, now } = circumstances;
  const connection = await inspectConnection(origin, {
    timeoutMs: Math.min(timeoutMs, 10_000),
    ...(target.ca !== undefined && { ca: target.ca }),
  });
  if (connection.kind !== 'connected') return [explainConnection(origin, connection)];
  const trust = checkCertificate(target, connection.certificate, now);
  const found: readonly Diagnosis[] = [{ check: 'connection', says: `${origin} is reached over ${connection.protocol}.` }, ...trust];
  const isTrusted = !trust.some(({ cause }) => cause === 'certificateChanged' || cause === 'certificateUnknown');
  return isTrusted ? [...found, ...(await checkApi(target, circumstances))] : found;
}

/** Names what keeps a connection from being made. */
export function explainConnection(origin: string, connection: Exclude<ConnectionFinding, { readonly kind: 'connected' }>): Diagnosis {
  const check = 'connection';
  switch (connection.kind) {
    case 'hostNotFound':
      return { check, cause: 'hostNotFound', says: `The name '${connection.host}' does not resolve.` };
    case 'refused':
      return { check, cause: 'portClosed', says: `${origin} refuses connections (${connection.reason}).` };
    case 'timeout':
      return { check, cause: 'noAnswer', says: `${origin} did not answer in time.` };
    case 'tlsFailed': {
      const cause = connection.isOldVersion ? 'tlsTooOld' : 'notTls';
      return { check, cause, says: `The TLS handshake with ${origin} failed (${connection.reason}).` };
    }
  }
}

function checkCertificate({ fingerprint: pinned }: Target, certificate: ServerCertificate, now: number): readonly Diagnosis[] {
  const check = 'certificate';
  const { fingerprint, untrusted, validTo } = certificate;
  // The server that answers at this address chooses these words, and is not known yet.
  const subject = excerpt(certificate.subject);
  if (pinned !== undefined && pinned !== fingerprint) {
    return [{ check, cause: 'certificateChanged', says: `Pinned is ${pinned}; the server (${subject}) shows ${fingerprint}.` }];
  }
  if (pinned === undefined && untrusted !== undefined) {
    return [
      {
        check,
        cause: 'certificateUnknown',
        says: `The certificate of ${subject} is not trusted (${untrusted}); its SHA-256 is ${fingerprint}.`,
      },
    ];
  }
  const days = Math.floor((Date.parse(validTo) - now) / DAY_MS);
  const trust = pinned === undefined ? 'trusted by the system or the configured CA' : 'the pinned one';
  return [
    { check, says: `The certificate of ${subject} is ${trust}.` },
    ...(days < EXPIRES_SOON_DAYS
      ? [{ check, cause: 'certificateExpired', says: `It is valid until ${validTo.slice(0, 10)}.` } as const]
      : []),
  ];
}

async function checkApi(target: Target, { timeoutMs, now, redactor, known }: ServerCheck): Promise<readonly Diagnosis[]> {
  const { username } = target;
  const catalogue = catalogueFor(target.edition);
  let serverTime: number | undefined;
  const client = new MailStoreClient({
    ...describeLogin(target),
    catalogue,
    timeoutMs,
    redactor,
    onCommands: (names) => known?.learn(target.origin, catalogue, names),
    onExchange: ({ response }) => {
      const date = response?.headers.find(([name]) => name.toLowerCase() === 'date')?.[1];
      if (date !== undefined) serverTime = Date.parse(date);
    },
    clock: systemClock,
    log: createLog('error', { write: () => undefined }),
  });
  try {
    const { dialect, comparison } = await client.identify();
    const { value } = await client.read(catalogue.connectionTest);
    const says = `${username} is logged in; ${describeServer(value)}, API ${dialect}.`;
    return [
      { check: 'login', says },
      ...(comparison && comparison.missing.length > 0
        ? [{ check: 'commands', cause: 'commandsMissing', says: `Missing: ${comparison.missing.join(', ')}.` } as const]
        : []),
      ...(comparison && comparison.unknown.length > 0
        ? [{ check: 'commands', cause: 'commandsNew', says: `New: ${comparison.unknown.join(', ')}.` } as const]
        : []),
      ...checkClock(serverTime, now),
    ];
  } catch (error) {
    return explainFailure(error, target);
  } finally {
    await client.close();
  }
}

/** Compares with the time of the server's last answer, as its Date header says it. */
export function checkClock(serverTime: number | undefined, now: number): readonly Diagnosis[] {
  const check = 'clock';
  if (serverTime === undefined || Number.isNaN(serverTime)) return [];
  const seconds = Math.round((serverTime - now) / 1000);
  if (Math.abs(serverTime - now) <= CLOCK_TOLERANCE_MS) return [{ check, says: 'The clocks agree.' }];
  return [{ check, cause: 'clockDiffers', says: `The server's clock is ${Math.abs(seconds)} s ${seconds > 0 ? 'ahead' : 'behind'}.` }];
}

/** Names the cause of a failed login or answer, with the others that look the same. */
function explainFailure(error: unknown, { username, password, origin }: Target): readonly Diagnosis[] {
  const says = error instanceof MailStoreError ? error.message : 'The connection test failed.';
  if (isError(error, 'unauthorized')) {
    const check = 'login';
    // The cause says the cure.
    const refused = `MailStore does not accept the login '${username}' (HTTP 401).`;
    if (username.toLowerCase() === 'admin' && password === 'admin' && !/^https:\/\/(localhost|127\.|\[::1\])/.test(origin)) {
      return [{ check, cause: 'defaultPassword', says: refused }];
    }
    // MailStore answers all three in the same way.
    return [{ check, cause: 'loginRefused', alternatives: ['apiPrivilegeMissing', 'mfaNeedsAppPassword'], says: refused }];
  }
  if (isError(error, 'forbidden'))
    return [{ check: 'login', cause: 'notAdministrator', says: `MailStore refuses the user '${username}' (HTTP 403).` }];
  const isForeign = isError(
    error,
    'notMailStore',
    'noDialect',
    'notJson',
    'notXml',
    'notAnEnvelope',
    'notUtf8',
    'pathNotFound',
    'unavailable',
    'gatewayFailed',
    'redirected',
    'turnedAway',
    'compressed',
  );
  return [{ check: 'api', cause: isForeign ? 'notMailStore' : 'apiFailed', says }];
}

function describeServer(value: unknown): string {
  const { version, machineName } = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  return `MailStore ${typeof version === 'string' ? version : 'of an unknown version'}${typeof machineName === 'string' ? ` on ${machineName}` : ''}`;
}
