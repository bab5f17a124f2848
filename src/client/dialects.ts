import { isError, MailStoreError } from '../base/errors.ts';
import type { ApiForm } from '../base/target.ts';
import type { Command } from '../catalogue/define-command.ts';
import { jsonDialect2012, xmlDialect2012 } from '../wire/dialect-2012.ts';
import { modernDialect } from '../wire/dialect-modern.ts';
import { readJson } from '../wire/body.ts';
import type { Addressed } from '../wire/http-status.ts';
import type { Dialect, WireResponse } from '../wire/reply.ts';
import { readMetadata, type ServerCommand } from './metadata.ts';
import type { Transport } from './transport.ts';

/** A dialect, and the server's own list of commands where the dialect has one. */
export interface SpokenDialect {
  readonly dialect: Dialect;
  readonly commands?: ReadonlyMap<string, ServerCommand>;
}

/** A server whose API version is to be found out. */
interface ProbedAddress extends Addressed {
  /** The read that any MailStore answers. */
  readonly connectionTest: Pick<Command, 'name'>;
  /** Milliseconds that are left for each exchange. Default: the time limit of the transport. */
  readonly limitMs?: number | undefined;
  /** Ends the search. */
  readonly signal?: AbortSignal | undefined;
}

const FACTORIES = {
  modern: modernDialect,
  'json-2012': jsonDialect2012,
  'xml-2012': xmlDialect2012,
} as const satisfies Record<Dialect['name'], (address: Addressed) => Dialect>;

/** Returns a dialect by its name: a run is followed in the one that it was started in. */
export function dialectNamed(name: Dialect['name'], address: Addressed): Dialect {
  return FACTORIES[name](address);
}

/**
 * Finds out which form of the API answers, following protocol.md §4: a metadata array means modern, a 401 there means modern with a wrong
 * login, anything else is asked again in the 2012 form. Throws MailStoreError `noDialect` when neither answers.
 */
export async function chooseDialect(form: ApiForm, transport: Transport, address: ProbedAddress): Promise<SpokenDialect> {
  if (form === 'legacy') return { dialect: jsonDialect2012(address) };
  if (form === 'legacy-xml') return { dialect: xmlDialect2012(address) };
  const modern = modernDialect(address);
  const response = await transport.send(modern.metadata ?? { path: '/api/get-metadata', body: '' }, address);
  if (response.status === 401) throw new MailStoreError('unauthorized', { user: address.user });
  try {
    if (response.status === 200) return { dialect: modern, commands: readMetadata(readJson(response, 'get-metadata', address.origin)) };
  } catch (error) {
    if (form === 'modern' || !isError(error, 'notJson', 'notMailStore', 'notAnEnvelope', 'notUtf8')) throw error;
  }
  if (form === 'modern') return { dialect: modern };
  return probeLegacy(transport, address, response);
}

async function probeLegacy(transport: Transport, address: ProbedAddress, metadata: WireResponse): Promise<SpokenDialect> {
  const dialect = jsonDialect2012(address);
  const response = await transport.send(dialect.invoke(address.connectionTest.name, ''), address);
  if (response.status === 401) throw new MailStoreError('unauthorized', { user: address.user });
  const isLegacy =
    (response.status === 200 && /\bjson\b/i.test(response.contentType)) ||
    (response.status === 500 && /^text\/plain\b/i.test(response.contentType));
  if (isLegacy) return { dialect };
  // Both API versions refuse a user who is no administrator before it is known which of them answers; a page is some other program's.
  const isForbidden = [metadata, response].every(({ status, contentType }) => status === 403 && !/\bhtml\b/i.test(contentType));
  if (isForbidden) throw new MailStoreError('forbidden', { user: address.user });
  throw new MailStoreError('noDialect', { origin: address.origin, modern: describe(metadata), legacy: describe(response) });
}

function describe(response: WireResponse): string {
  return `HTTP ${response.status}${response.contentType === '' ? '' : ` ${response.contentType.split(';', 1)[0]}`}`;
}
