import type { Certificate } from '../../src/sandbox/certificate.ts';
import { listForms, type Canary } from './canaries.ts';
import { commands } from './server-catalogue.ts';
import { respond, respondJson, respondStatus, startTlsServer, type RawAnswer, type ReceivedRequest, type TlsServer } from './tls-server.ts';

/** A MailStore that sends every secret it has heard of back, in every form and in every place of its answers. */
export interface EchoingMailStore extends TlsServer {
  /** The secrets that have arrived as arguments. */
  readonly heard: readonly Canary[];
}

export interface EchoOptions {
  /** What it sends back from the beginning, as if each were in its log. */
  readonly known: readonly Canary[];
  /** What it sends back once it has arrived. */
  readonly awaited: readonly Canary[];
  /** A credential that it keeps and never showed. */
  readonly stored: Canary;
  /** One in the action of a job. */
  readonly storedInJob: Canary;
  /** One in the end of a long command. */
  readonly storedInEnd: Canary;
  /** True for one of which the lists and its list of commands are as they should be but for what their texts say. */
  readonly isHealthy?: boolean;
  readonly certificate?: Certificate;
}

/** Returns one of several, another one each turn. */
function pickTurn(texts: readonly string[], turn: number): string {
  return texts[turn % texts.length] ?? '';
}

const ENVELOPE = { error: null, token: null, statusVersion: 2, percentProgress: null, statusText: null, logOutput: null };

/** Starts one; it speaks the modern form alone, without a list of commands unless it is healthy. */
export async function startEchoingMailStore(options: EchoOptions): Promise<EchoingMailStore> {
  const { known, awaited, stored, storedInJob, storedInEnd, isHealthy = false, certificate } = options;
  const heard: Canary[] = [];
  const polls = new Map<string, number>();
  const first = known[0]?.secret ?? '';
  /** Every secret in every form. */
  const echoAll = () => [...known, ...heard].flatMap((secret) => listForms(secret)).join(' | ');
  const listed = commands.map(({ name }) => ({ name, args: [] }));
  let turn = 0;
  /** Every secret in one form each: how much is said is not the point of most answers. The same request has the same answer each time. */
  const echo = () => {
    turn++;
    return [...known, ...heard].map((secret, index) => pickTurn(listForms(secret), turn + index)).join(' | ');
  };
  const succeeded = (result: unknown) =>
    respondJson({ ...ENVELOPE, statusCode: 'succeeded', result, logOutput: echo(), statusText: echo() });
  const failed = (message: string) =>
    respondJson({ ...ENVELOPE, statusCode: 'failed', error: { message, details: `System.Exception: ${message}` }, result: null });
  const started = (token: string) => respondStatus(1, { token, statusText: echo(), logOutput: `${echo()}\r\n` });
  const credentials = () => ({
    password: stored.secret,
    url: `imap://amira:${encodeURIComponent(stored.secret)}@mail.example.com`,
    note: echo(),
  });

  const answers: Readonly<Record<string, () => RawAnswer>> = {
    GetServerInfo: () => succeeded({ version: '24.4', machineName: echoAll(), extra: [{ deep: echoAll() }] }),
    GetUserInfo: () => succeeded({ userName: 'amira', fullName: `Amira ${echo()}`, emailAddresses: [echo()], privileges: 7 }),
    GetUsers: () => respond('500 Internal Server Error', 'text/plain', `${echoAll()}\r\n   at MailStore.Login(${echo()})`),
    GetTimeZones: () => respond('200 OK', 'text/html', `<html><head><title>${echo()}</title></head><body alt="${echo()}"></body></html>`),
    GetLicenseInformation: () => ({ cut: respondJson({ statusCode: 'succeeded', result: `${echo()}${' '.repeat(40)}` }).subarray(0, -20) }),
    GetActiveSessions: () => respond('200 OK', 'application/json', `%~ ${echo()} neither JSON nor XML`),
    GetServiceConfiguration: () =>
      respond('200 OK', 'application/json', Buffer.from(JSON.stringify({ statusCode: 'succeeded', result: echo() }), 'latin1')),
    GetRetentionPolicies: () => respond(`418 ${first}`, `text/plain; note=${first}`, ''),
    GetWorkerResults: () => respondJson({ unexpected: echo(), list: [echo()] }),
    GetChildFolders: () => respondJson({ ...ENVELOPE, statusCode: echo(), result: echo() }),
    GetCredentials: () => respond('401 Unauthorized', 'text/plain', echo()),
    GetMessages: () => respond('503 Service Unavailable', 'text/html', echo()),
    GetProfiles: () => succeeded([{ id: 1, name: echo(), details: credentials() }]),
    GetCredentialSettings: () => succeeded({ ...credentials(), ClientSecret: stored.secret }),
    GetSmtpSettings: () => succeeded({ hostname: 'relay', ...credentials() }),
    GetStoreAutoCreateConfiguration: () => succeeded({ enabled: false, ...credentials() }),
    GetDirectoryServicesConfiguration: () => succeeded({ type: 'activeDirectory', ...credentials() }),
    GetStores: () =>
      succeeded([1, 2].map((id) => ({ id, name: `Store ${id} ${echo()}`, requestedState: 'normal', databasePath: echo(), error: echo() }))),
    GetJobs: () =>
      succeeded([
        {
          id: 1,
          name: echo(),
          owner: 'admin',
          enabled: true,
          action: `CreateUser --userName="x" --password="${storedInJob.secret}"`,
          schedule: {},
        },
        { id: 2, name: 'Purge', owner: 'admin', enabled: false, action: `ProcessRetentionPolicies`, schedule: { note: echo() } },
      ]),
    VerifyStore: () => started('ends-well'),
    VerifyStores: () => started('ends-badly'),
    RefreshAllStoreStatistics: () => started('is-unreadable'),
    RecoverStore: () => started('ends-badly-too'),
    RebuildStoreIndex: () => started('goes-on'),
    CompactMasterDatabase: () => started('is-asked-to-stop'),
    DeleteUser: () => failed(echo()),
    CreateUser: () => failed(`The user could not be created: ${echo()}`),
    MoveFolder: () => respond('400 Bad Request', 'text/plain', echo()),
  };

  const healthy: typeof answers = {
    GetUsers: () => succeeded([{ userName: 'amira', fullName: `Amira ${echo()}`, distinguishedName: echo() }]),
    GetProfiles: () =>
      succeeded([{ id: 1, name: echo(), details: credentials(), serverSideExecution: { automatic: true }, machineName: echo() }]),
    GetWorkerResults: () =>
      succeeded(
        [1, 2].map((id) => ({
          id,
          profileID: 1,
          profileName: echo(),
          userName: echo(),
          machineName: echo(),
          startTime: '2026-01-02T03:04:05',
          completeTime: '2026-01-02T03:05:05',
          result: id === 1 ? 'failed' : 'succeeded',
          error: echo(),
          itemsArchived: 7,
          details: credentials(),
        })),
      ),
    GetChildFolders: () => succeeded([{ name: 'amira', fullPath: echo(), folderType: 'user', childFolders: [] }]),
    GetMessages: () => succeeded([{ id: '1:1', subject: echo(), from: echo(), date: '2026-01-02T03:04:05' }]),
    GetActiveSessions: () => succeeded([{ userName: 'amira', machineName: echo() }]),
    GetCredentials: () => succeeded([{ id: 1, name: echo(), ...credentials() }]),
  };

  const status = (token: string): RawAnswer => {
    const count = (polls.get(token) ?? 0) + 1;
    polls.set(token, count);
    // One that says the same again is asked more slowly.
    const running = respondStatus(token === 'goes-on' ? 2 : 1 + count, {
      token,
      statusText: echo(),
      percentProgress: 10 * count,
      logOutput: `${echo()}\r\n${first}`,
    });
    if (token === 'goes-on' || (count === 1 && token !== 'is-unreadable')) return running;
    // A token that is unknown once, and then an end of which the version is no number of a version.
    if (token === 'is-unreadable' && count === 1) return respond('404 Not Found', 'text/plain', echo());
    if (token === 'is-unreadable')
      return respondJson({ ...ENVELOPE, statusVersion: 2.5, statusCode: 'succeeded', result: echo(), logOutput: echo() });
    if (token === 'ends-well') return succeeded({ report: echo(), account: { password: storedInEnd.secret } });
    if (token === 'ends-badly')
      return respond(
        '200 OK',
        `application/json; note=${first}`,
        JSON.stringify({ ...ENVELOPE, statusCode: 'failed', error: { message: echo() } }),
      );
    return failed(echo());
  };

  const server = await startTlsServer((request: ReceivedRequest) => {
    turn = request.path.length;
    const form = new URLSearchParams(request.body);
    const sent = [...form.values()].join('\n');
    const hasCome = ({ secret }: Canary) =>
      [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)].some((written) => sent.includes(written));
    heard.push(...awaited.filter((secret) => !heard.includes(secret) && hasCome(secret)));
    const name = /^\/api\/invoke\/(\w+)$/.exec(request.path)?.[1];
    if (request.path === '/api/get-status') return status(form.get('token') ?? '');
    if (request.path === '/api/cancel-async') return respond('200 OK', 'text/plain', echo());
    if (request.path === '/api/get-metadata' && isHealthy)
      return respondJson([...listed, { name: `New ${echoAll()}`, args: [{ name: echo(), nullable: false }] }]);
    if (name === undefined) return respond('404 Not Found', 'text/plain', echo());
    return ((isHealthy ? healthy[name] : undefined) ?? answers[name])?.() ?? succeeded(echo());
  }, certificate && { certificate });
  return { ...server, heard };
}
