/**
 * A process of its own: an HTTPS server that answers with fixed bytes. The sandbox would take longer to think than the clients that are
 * compared. Prints one line with its address; on a message it reports how many TLS connections were opened.
 */
import { createServer } from 'node:https';
import { createCertificate } from '../../src/sandbox/certificate.ts';
import { CALL } from './request.ts';

const METADATA =
  '[{"name":"GetServerInfo","args":[]},{"name":"GetUserInfo","args":[{"name":"userName","type":"string","nullable":false}]}]';

const RESULTS: Readonly<Record<string, string>> = {
  [CALL.path]:
    '{"userName":"johndoe","fullName":"John Doe","distinguishedName":null,"authentication":"integrated","emailAddresses":["john.doe@example.com","johndoe@example.com"],"pop3UserNames":[],"privileges":["admin"],"loginPrivileges":["windows","web","outlook","windowsCmd","imap","api"],"mfaStatus":"Disabled","privilegesOnFolders":[{"folder":"johndoe","privileges":["read"]},{"folder":"oldcolleague","privileges":["read"]}]}',
  '/api/invoke/GetServerInfo': '{"version":"25.3.0.23012","machineName":"ARCHIVE01"}',
};

const ANSWERS: ReadonlyMap<string, Buffer> = new Map([
  ['/api/get-metadata', Buffer.from(`\uFEFF${METADATA}`)],
  ...Object.entries(RESULTS).map(([path, result]): [string, Buffer] => [path, Buffer.from(envelope(result))]),
]);

function envelope(result: string): string {
  return `\uFEFF{"error":null,"token":null,"statusVersion":2,"statusCode":"succeeded","percentProgress":null,"statusText":null,"result":${result},"logOutput":null}`;
}

let connections = 0;

async function listen(): Promise<void> {
  const { certificate, privateKey, fingerprint } = await createCertificate('127.0.0.1');
  const server = createServer({ cert: certificate, key: privateKey, keepAliveTimeout: 120_000 }, (request, response) => {
    request.resume();
    request.once('end', () => {
      const body = ANSWERS.get(request.url ?? '');
      response.writeHead(body ? 200 : 404, { 'content-type': 'application/json', 'content-length': body?.length ?? 0 });
      response.end(body);
    });
  });
  server.on('secureConnection', () => connections++);
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    process.stdout.write(`${JSON.stringify({ url: `https://127.0.0.1:${port}`, fingerprint, certificate })}\n`);
  });
}

process.once('disconnect', () => process.exit());
process.on('message', () => process.send?.(connections));
void listen();
