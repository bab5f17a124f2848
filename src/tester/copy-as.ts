import type { Command } from '../catalogue/define-command.ts';
import { fieldTraits, isSecretReference } from '../catalogue/fields.ts';
import { toVisible } from '../base/escape-hidden.ts';
import { MASK } from '../masking/masks.ts';
import { isSecretName } from '../masking/secret-names.ts';
import { toolName } from '../catalogue/naming.ts';
import type { Exchange } from '../client/record-exchange.ts';
import type { TesterCall } from './tester.ts';

/** A call of a command or an insight. */
export interface CopiedCall extends Omit<TesterCall, 'command'> {
  readonly command: Pick<Command, 'name' | 'input'>;
}

/** A part of a field's text: literal, or a secret. */
type FieldPart = { readonly text: string } | SecretPart;

/** A secret that a variable holds; `inJson` is true if it is a string inside a JSON text. */
interface SecretPart {
  readonly variable: string;
  readonly inJson: boolean;
}

interface FormField {
  readonly name: string;
  readonly parts: readonly FieldPart[];
}

/** A run of fields exactly as they were sent, or one field with a secret. */
type BodyPiece = { readonly sent: string } | { readonly field: FormField };

/** Headers that every client sets by itself, and the one that holds the login. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['host', 'connection', 'content-length', 'authorization']);

/**
 * Returns the request as a curl command for bash and zsh. The login is taken from MAILSTORE_USERNAME and MAILSTORE_PASSWORD, each masked secret
 * from a variable MAILSTORE_SECRET_… named after its field, and MAILSTORE_CA_FILE, where it is set, names the certificate to trust.
 */
export function asCurl({ request: { method, url, headers, body } }: Exchange): string {
  const data =
    method === 'GET'
      ? []
      : splitBody(body).map((piece) => ('sent' in piece ? `--data-raw ${quoteBash(piece.sent)}` : curlField(piece.field)));
  return [
    `curl --request ${method} ${quoteBash(url)}`,
    // Two expansions, because zsh would make one argument of what a single one holds.
    '${MAILSTORE_CA_FILE:+--cacert} ${MAILSTORE_CA_FILE:+"$MAILSTORE_CA_FILE"}',
    '--user "${MAILSTORE_USERNAME}:${MAILSTORE_PASSWORD}"',
    ...sharedHeaders(headers).map(([name, value]) => `--header ${quoteBash(`${name}: ${value}`)}`),
    ...data,
  ].join(' \\\n  ');
}

/** Checks the certificate by its SHA-256; a script block would fail here, as the check runs on a thread without PowerShell. */
const POWERSHELL_PIN = `if ($env:MAILSTORE_TLS_FINGERPRINT) {
  if (-not ('MailStorePin' -as [type])) {
    Add-Type -TypeDefinition @'
using System;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
public static class MailStorePin {
  public static string Expected;
  static bool Check(object sender, X509Certificate certificate, X509Chain chain, SslPolicyErrors errors) {
    using (SHA256 sha = SHA256.Create()) {
      return BitConverter.ToString(sha.ComputeHash(certificate.GetRawCertData())).Replace("-", "") == Expected;
    }
  }
  public static RemoteCertificateValidationCallback Callback { get { return Check; } }
}
'@
  }
  [MailStorePin]::Expected = ($env:MAILSTORE_TLS_FINGERPRINT -replace '[^0-9A-Fa-f]').ToUpper()
  $request.ServerCertificateValidationCallback = [MailStorePin]::Callback
}`;

/**
 * Returns the request as a script for Windows PowerShell 5.1 and PowerShell 7. The login is taken from the environment variables
 * MAILSTORE_USERNAME and MAILSTORE_PASSWORD, each masked secret from one that is named after its field, and MAILSTORE_TLS_FINGERPRINT, where it is
 * set, is the only certificate that is accepted.
 */
export function asPowerShell({ request: { method, url, headers, body } }: Exchange): string {
  const pieces = splitBody(body).map((piece) => ('sent' in piece ? quotePowerShell(piece.sent) : powerShellField(piece.field)));
  const login = '"$($env:MAILSTORE_USERNAME):$($env:MAILSTORE_PASSWORD)"';
  const sent =
    body === ''
      ? ['$request.ContentLength = 0']
      : [
          `$body = [Text.Encoding]::UTF8.GetBytes(${pieces.join(" + '&' + ")})`,
          '$request.ContentLength = $body.Length',
          '$stream = $request.GetRequestStream()',
          '$stream.Write($body, 0, $body.Length)',
          '$stream.Close()',
        ];
  return [
    '# Invoke-WebRequest cannot check a pinned certificate in the same way in PowerShell 5.1 and 7; this .NET class can.',
    '[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12',
    '[Net.ServicePointManager]::Expect100Continue = $false',
    `$login = [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes(${login}))`,
    `$request = [Net.HttpWebRequest]::Create(${quotePowerShell(url)})`,
    `$request.Method = '${method}'`,
    '$request.Headers.Add(\'Authorization\', "Basic $login")',
    ...sharedHeaders(headers).map(([name, value]) => powerShellHeader(name, value)),
    POWERSHELL_PIN,
    ...(method === 'GET' ? [] : sent),
    'try { $response = $request.GetResponse() }',
    'catch {',
    '  # An answer such as 500 has a body too.',
    '  for ($cause = $_.Exception; $cause; $cause = $cause.InnerException) { if ($cause -is [Net.WebException]) { $response = $cause.Response } }',
    '  if (-not $response) { throw }',
    '}',
    '(New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)).ReadToEnd()',
  ].join('\n');
}

/** Headers that the class takes as properties only. */
const POWERSHELL_PROPERTIES: Readonly<Record<string, string>> = {
  accept: 'Accept',
  'content-type': 'ContentType',
  'user-agent': 'UserAgent',
};

function powerShellHeader(name: string, value: string): string {
  const property = POWERSHELL_PROPERTIES[name.toLowerCase()];
  return property === undefined
    ? `$request.Headers.Add(${quotePowerShell(name)}, ${quotePowerShell(value)})`
    : `$request.${property} = ${quotePowerShell(value)}`;
}

/**
 * Returns the call as the words of `mailstore-mcp call`: name=value for each argument, and the options by which it differs from a plain call. Secrets
 * are named by the variable that they come from.
 */
export function asTerminalWords(
  { command, args, target, form }: CopiedCall,
  { withTarget = false, options = [] }: { readonly withTarget?: boolean; readonly options?: readonly string[] } = {},
): readonly string[] {
  return [
    'call',
    command.name,
    ...Object.entries(args).map(([name, value]) => `${name}=${writeWord(withoutSecrets(command, name, value))}`),
    ...(withTarget ? ['--target', target] : []),
    ...(form === 'auto' ? [] : ['--api', form]),
    ...options,
  ];
}

function writeWord(value: unknown): string {
  if (typeof value === 'string') return toVisible(value);
  const isPlainList =
    Array.isArray(value) && value.length > 0 && value.every((entry) => typeof entry === 'string' && /^[\w.@+-]+$/.test(entry));
  return isPlainList ? value.join(',') : JSON.stringify(value);
}

/**
 * Returns the call as an assistant makes it, the parameters of `tools/call` as JSON; secrets are named by the variable that they come from.
 * `withTarget` where the server has more than one target, and takes the name of one.
 */
export function asMcpCall({ command, args, target }: CopiedCall, { withTarget = false }: { readonly withTarget?: boolean } = {}): string {
  const shown = Object.fromEntries(Object.entries(args).map(([name, value]) => [name, withoutSecrets(command, name, value)]));
  return JSON.stringify({ name: toolName(command.name), arguments: { ...shown, ...(withTarget && { target }) } }, null, 2);
}

function sharedHeaders(headers: Exchange['request']['headers']): Exchange['request']['headers'] {
  return headers.filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()));
}

/** Splits a form into what can be sent as it is and the fields in which something was masked. */
function splitBody(body: string): BodyPiece[] {
  const pieces: BodyPiece[] = [];
  let sent: string[] = [];
  const flush = () => {
    if (sent.length > 0) pieces.push({ sent: sent.join('&') });
    sent = [];
  };
  for (const source of body.split('&')) {
    if (!source.includes(MASK)) {
      sent.push(source);
      continue;
    }
    flush();
    const [[name, value] = ['', '']] = new URLSearchParams(source);
    pieces.push({ field: { name, parts: splitValue(name, value) } });
  }
  flush();
  return pieces;
}

function splitValue(name: string, value: string): FieldPart[] {
  if (value === MASK) return [{ variable: nameVariable([name]), inJson: false }];
  const object = parseJson(value);
  // Rewrite the JSON text with a mark for each masked string: its path is known only here.
  const variables: string[] = [];
  const marked =
    object === undefined ? undefined : JSON.stringify(markMasks(object, [name], (variable) => `\0${variables.push(variable) - 1}\0`));
  if (marked !== undefined && variables.length > 0) {
    return marked.split(/("\\u0000\d+\\u0000")/).map((text) => {
      const index = /^"\\u0000(\d+)\\u0000"$/.exec(text)?.[1];
      const variable = index === undefined ? undefined : variables[Number(index)];
      return variable === undefined ? { text } : { variable, inJson: true };
    });
  }
  return value
    .split(MASK)
    .flatMap((text, index): FieldPart[] => (index === 0 ? [{ text }] : [{ variable: nameVariable([name]), inJson: false }, { text }]));
}

function markMasks(value: unknown, path: readonly string[], mark: (variable: string) => string): unknown {
  if (value === MASK) return mark(nameVariable(path));
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((inner) => markMasks(inner, path, mark));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, markMasks(inner, [...path, name], mark)]));
}

/** Returns the variable of a secret by the names that lead to it: `settings`, `password` become `MAILSTORE_SECRET_SETTINGS_PASSWORD`. */
function nameVariable(path: readonly string[]): string {
  const words = path.map((name) => toolName(name).replaceAll(/[^a-z\d]+/g, '_'));
  return `MAILSTORE_SECRET_${words.join('_').toUpperCase()}`;
}

function withoutSecrets(command: CopiedCall['command'], name: string, value: unknown): unknown {
  const schema = command.input[name];
  const { secret } = schema ? fieldTraits(schema) : {};
  if (secret === undefined || value === null || isSecretReference(value)) return value;
  return secret === true ? { fromEnv: nameVariable([name]) } : referring(value, [name]);
}

function referring(value: unknown, path: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || isSecretReference(value)) return value;
  if (Array.isArray(value)) return value.map((inner) => referring(inner, path));
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => {
      const at = [...path, name];
      return [name, isSecretName(name) && typeof inner === 'string' && inner !== '' ? { fromEnv: nameVariable(at) } : referring(inner, at)];
    }),
  );
}

function curlField({ name, parts }: FormField): string {
  const value = parts.map((part) => ('text' in part ? quoteBash(part.text) : bashVariable(part))).join('');
  return `--data-urlencode ${quoteBash(`${name}=`)}${value}`;
}

function bashVariable({ variable, inJson }: SecretPart): string {
  // Inside JSON, a quote or a backslash of the secret would end or change the text.
  return inJson ? `'"'"$(printf %s "$${variable}" | sed 's/[\\\\"]/\\\\&/g')"'"'` : `"$${variable}"`;
}

function powerShellField({ name, parts }: FormField): string {
  const value = parts.map((part) => ('text' in part ? quotePowerShell(part.text) : powerShellVariable(part)));
  return `${quotePowerShell(`${name}=`)} + [Uri]::EscapeDataString(${value.join(' + ')})`;
}

function powerShellVariable({ variable, inJson }: SecretPart): string {
  return inJson ? `(ConvertTo-Json $env:${variable})` : `$env:${variable}`;
}

function quoteBash(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** PowerShell treats typographic quotes as straight ones, so each is doubled to escape it. */
function quotePowerShell(text: string): string {
  return `'${text.replaceAll(/['\u2018-\u201B]/g, '$&$&')}'`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
