import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/client/record-exchange.ts';
import { asCurl, asMcpCall, asPowerShell, asTerminalWords } from '../../src/tester/copy-as.ts';
import { readArguments } from '../../src/tester/read-arguments.ts';
import { commandNamed, startClient } from '../helpers/start-client.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { respondJson, startTlsServer } from '../helpers/tls-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const run = promisify(execFile);

/** Everything that a shell, a form or JSON could take for its own. */
const AWKWARD = `it's "x" $HOME \`id\` \\ & = + % é\u2019 ;`;

function makeExchange(body: string, request: Partial<Exchange['request']> = {}): Exchange {
  return {
    purpose: 'call',
    request: {
      method: 'POST',
      url: 'https://mail.example.com:8463/api/invoke/SetUserPassword',
      headers: [
        ['host', 'mail.example.com:8463'],
        ['connection', 'keep-alive'],
        ['authorization', 'Basic ***'],
        ['accept', 'application/json'],
        ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'],
        ['content-length', '7'],
      ],
      body,
      ...request,
    },
    startedAt: '2026-11-22T18:00:00.000Z',
    ms: 3,
  };
}

/** A server that keeps what it receives, the exchanges with it, and how bash reaches it. */
async function recorded() {
  const server = await startTlsServer(() => respondJson({ ok: true }));
  const exchanges: Exchange[] = [];
  const { call } = startClient(server, { api: 'legacy', onExchange: (exchange) => exchanges.push(exchange) });
  const folder = temporaryFolder();
  const MAILSTORE_CA_FILE = join(folder, 'a certificate.pem');
  writeFileSync(MAILSTORE_CA_FILE, server.certificate);
  const login = { MAILSTORE_USERNAME: server.username, MAILSTORE_PASSWORD: server.password, MAILSTORE_CA_FILE };
  const runCurl = async (variables: Readonly<Record<string, string>> = {}) => {
    const [exchange] = exchanges;
    if (!exchange) throw new Error('no exchange');
    return run('bash', ['-c', asCurl(exchange)], { env: { PATH: process.env['PATH'], ...login, ...variables } });
  };
  return { server, call, runCurl };
}

describe('an exchange as a curl command', () => {
  test('sends the same request', async () => {
    const { server, call, runCurl } = await recorded();
    await call('SetUserFullName', { userName: AWKWARD, fullName: AWKWARD });
    expect((await runCurl()).stdout).toBe('{"ok":true}');
    const [ours, curls] = server.requests;
    expect(curls?.body).toBe(ours?.body);
    const { connection: _connection, ...headers } = ours?.headers ?? {};
    expect({ ...curls, headers: curls?.headers }).toMatchObject({ method: 'POST', path: '/JSON/Invoke/SetUserFullName', headers });
  });

  test('sends a length where there are no arguments', async () => {
    const { server, call, runCurl } = await recorded();
    await call('GetServerInfo');
    await runCurl();
    expect(server.requests.map(({ headers, body }) => [headers['content-length'], body])).toEqual([
      ['0', ''],
      ['0', ''],
    ]);
  });

  test('takes a secret from its variable', async () => {
    const { server, call, runCurl } = await recorded();
    await call('SetUserPassword', { userName: 'johndoe', password: 'hunter2' });
    await runCurl({ MAILSTORE_SECRET_PASSWORD: AWKWARD });
    expect(Object.fromEntries(new URLSearchParams(server.requests[1]?.body))).toEqual({ userName: 'johndoe', password: AWKWARD });
  });

  test('takes a secret inside an object from its variable, and the object stays JSON', async () => {
    const { server, call, runCurl } = await recorded();
    await call('CreateProfile', { properties: { hostname: AWKWARD, password: 'hunter2', port: 25 } });
    await runCurl({ MAILSTORE_SECRET_PROPERTIES_PASSWORD: AWKWARD });
    const properties = new URLSearchParams(server.requests[1]?.body).get('properties');
    expect(JSON.parse(properties ?? '')).toEqual({ hostname: AWKWARD, password: AWKWARD, port: 25 });
  });

  test('reads as people write it', () => {
    expect(asCurl(makeExchange('userName=johndoe&password=***'))).toBe(
      [
        "curl --request POST 'https://mail.example.com:8463/api/invoke/SetUserPassword'",
        '${MAILSTORE_CA_FILE:+--cacert} ${MAILSTORE_CA_FILE:+"$MAILSTORE_CA_FILE"}',
        '--user "${MAILSTORE_USERNAME}:${MAILSTORE_PASSWORD}"',
        "--header 'accept: application/json'",
        "--header 'content-type: application/x-www-form-urlencoded; charset=utf-8'",
        "--data-raw 'userName=johndoe'",
        '--data-urlencode \'password=\'"$MAILSTORE_SECRET_PASSWORD"',
      ].join(' \\\n  '),
    );
  });
});

describe('an exchange as a PowerShell command', () => {
  test('takes login and secrets from variables', () => {
    // No PowerShell runs the tests, so the text is pinned: each line works in Windows PowerShell 5.1 and in PowerShell 7.
    expect(asPowerShell(makeExchange('userName=johndoe&password=***')).split('\n')).toEqual([
      '# Invoke-WebRequest cannot check a pinned certificate in the same way in PowerShell 5.1 and 7; this .NET class can.',
      '[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12',
      '[Net.ServicePointManager]::Expect100Continue = $false',
      '$login = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes("$($env:MAILSTORE_USERNAME):$($env:MAILSTORE_PASSWORD)"))',
      "$request = [Net.HttpWebRequest]::Create('https://mail.example.com:8463/api/invoke/SetUserPassword')",
      "$request.Method = 'POST'",
      '$request.Headers.Add(\'Authorization\', "Basic $login")',
      "$request.Accept = 'application/json'",
      "$request.ContentType = 'application/x-www-form-urlencoded; charset=utf-8'",
      'if ($env:MAILSTORE_TLS_FINGERPRINT) {',
      "  if (-not ('MailStorePin' -as [type])) {",
      "    Add-Type -TypeDefinition @'",
      'using System;',
      'using System.Net.Security;',
      'using System.Security.Cryptography;',
      'using System.Security.Cryptography.X509Certificates;',
      'public static class MailStorePin {',
      '  public static string Expected;',
      '  static bool Check(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors) {',
      '    using (SHA256 sha = SHA256.Create()) {',
      '      return BitConverter.ToString(sha.ComputeHash(certificate.GetRawCertData())).Replace("-", "") == Expected;',
      '    }',
      '  }',
      '  public static RemoteCertificateValidationCallback Callback { get { return Check; } }',
      '}',
      "'@",
      '  }',
      "  [MailStorePin]::Expected = ($env:MAILSTORE_TLS_FINGERPRINT -replace '[^0-9A-Fa-f]').ToUpper()",
      '  $request.ServerCertificateValidationCallback = [MailStorePin]::Callback',
      '}',
      "$body = [Text.Encoding]::UTF8.GetBytes('userName=johndoe' + '&' + 'password=' + [Uri]::EscapeDataString($env:MAILSTORE_SECRET_PASSWORD))",
      '$request.ContentLength = $body.Length',
      '$stream = $request.GetRequestStream()',
      '$stream.Write($body, 0, $body.Length)',
      '$stream.Close()',
      'try { $response = $request.GetResponse() }',
      'catch {',
      '  # An answer such as 500 has a body too.',
      '  for ($cause = $_.Exception; $cause; $cause = $cause.InnerException) { if ($cause -is [Net.WebException]) { $response = $cause.Response } }',
      '  if (-not $response) { throw }',
      '}',
      '(New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)).ReadToEnd()',
    ]);
  });

  test('keeps an object valid JSON for any secret inside', () => {
    const body = new URLSearchParams({ settings: '{"a":"it\u2019s \'x\'","password":"***"}' }).toString();
    expect(asPowerShell(makeExchange(body)).split('\n')).toContain(
      "$body = [Text.Encoding]::UTF8.GetBytes('settings=' + [Uri]::EscapeDataString('{\"a\":\"it\u2019\u2019s ''x''\",\"password\":' + (ConvertTo-Json $env:MAILSTORE_SECRET_SETTINGS_PASSWORD) + '}'))",
    );
  });

  test('has no body where none was sent', () => {
    const exchange = makeExchange('', { method: 'GET', url: "https://h/JSON/Status/it's", headers: [['accept', '*/*']] });
    const lines = asPowerShell(exchange).split('\n');
    expect(lines).toContain("$request = [Net.HttpWebRequest]::Create('https://h/JSON/Status/it''s')");
    expect(lines.filter((line) => /\$body|ContentLength/.test(line))).toEqual([]);
  });
});

describe('a call as a command of the terminal', () => {
  test('is one that the terminal reads back to the same arguments, with secrets named by their variables', () => {
    const call = { target: 'berlin', form: 'legacy' } as const;
    const command = commandNamed('CreateUser');
    const args = { userName: 'jane roe', privileges: ['login', 'export'], password: 'hunter2' };
    const words = asTerminalWords({ ...call, command, args }, { withTarget: true, options: ['--access', 'full'] });
    expect(words).toEqual([
      'call',
      'CreateUser',
      'userName=jane roe',
      'privileges=login,export',
      'password={"fromEnv":"MAILSTORE_SECRET_PASSWORD"}',
      '--target',
      'berlin',
      '--api',
      'legacy',
      '--access',
      'full',
    ]);
    const pairs = words.slice(2, 5).map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)] as const);
    expect(readArguments(command, Object.fromEntries(pairs))).toEqual({
      userName: 'jane roe',
      privileges: ['login', 'export'],
      password: { fromEnv: 'MAILSTORE_SECRET_PASSWORD' },
    });
    expect(
      asTerminalWords({ ...call, form: 'auto', command: commandNamed('SetUserFullName'), args: { userName: 'a', fullName: null } }),
    ).toEqual(['call', 'SetUserFullName', 'userName=a', 'fullName=null']);
  });
});

describe('a call as an MCP call', () => {
  test('is one that a server answers', async () => {
    const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest() }));
    const text = asMcpCall({ command: commandNamed('GetUserInfo'), args: { userName: 'johndoe' }, target: 'default', form: 'auto' });
    const { name, arguments: args } = JSON.parse(text) as { name: string; arguments: Record<string, unknown> };
    expect((await callTool(server, name, args)).structured).toMatchObject({ userName: 'johndoe', fullName: 'John Doe' });
  });

  test('names the variables of secrets instead of the secrets', () => {
    const call = { target: 'berlin', form: 'auto' } as const;
    const parse = (text: string) => JSON.parse(text) as unknown;
    expect(
      parse(
        asMcpCall(
          { ...call, command: commandNamed('SetUserPassword'), args: { userName: 'a', password: 'hunter2' } },
          { withTarget: true },
        ),
      ),
    ).toEqual({
      name: 'set_user_password',
      arguments: { userName: 'a', password: { fromEnv: 'MAILSTORE_SECRET_PASSWORD' }, target: 'berlin' },
    });
    const settings = { hostname: 'mx', password: 'hunter2', oauth: { clientSecret: { generate: true } } };
    expect(parse(asMcpCall({ ...call, command: commandNamed('SetSmtpSettings'), args: { settings } }))).toEqual({
      name: 'set_smtp_settings',
      arguments: {
        settings: {
          hostname: 'mx',
          password: { fromEnv: 'MAILSTORE_SECRET_SETTINGS_PASSWORD' },
          oauth: { clientSecret: { generate: true } },
        },
      },
    });
  });
});
