import { parseAction } from '../base/action.ts';
import { DecodedText, resolveEscapes } from './decoded-text.ts';
import { findInCommands } from './find-in-commands.ts';
import { findInSentences, isOdd, STRONG } from './find-in-sentence.ts';
import { maskJson, type MaskJsonOptions } from './mask-json.ts';
import { maskXml } from './mask-xml.ts';
import { applyEdits, isNamedSecret, isNoSecret, MASK, mergeSpans, type ReplaceSecret, type Edit } from './masks.ts';
import { classifyName, isPlural, isSecretName } from './secret-names.ts';

/** Documents inside a text of a document are read to this depth; below it, they are masked as plain text. */
const DEEPEST = 4;

/**
 * What every text with a credential in it has somewhere: a word that names one, or a form that only credentials have. Most texts have none of it,
 * and cost no more than this look. Letters written as escapes hide a word, so such texts are read.
 */
const NAMES =
  /pass|pwd|pswd|pw\b|secret|geheim|kennw|losungsw|credential|zugangsdat|anmeldedat|anmeldeinf|token|(?<!["']|public|primary|registry)key|schl(?:ü|u\u0308|ue?)ssel|(?<!status|error|\bp)code|pin(?:\b|code|_|s\b|n)|puk\b|pfx|p12\b|pkcs12|otp|psk\b|jwt\b|mnemonic|connection.{0,2}string|zeichenfolge|signature|seed.?phrase|contrase|mdp\b|senha|wachtwoord|heslo|has[lł]o|jelsz|parol|salasana|lozinka|l(?:ö|o\u0308|o)senord|adgangskode|парол|κωδικ|密码|密碼|口令|スワ|暗証|비밀|\u1107\u1175\u1106\u1175|סיסמ/i;
const FORMS =
  /\bsig=|mysql|mariadb|\bcurl |\bhttps? |mongo|psexec|certutil|\baz |\blogin\b|7z|rar |zip |sqlcmd|\bbcp |[oit]sql |ldap|openssl|redis|smb|rpcclient|lftp|schtasks|signtool|freerdp|\bnet1?\s+use|sqlplus|swaks|(?:exp|imp)(?:dp)? |SecureString|jdbc:|--?(?:user|auth|cred|basic|login)|\bAUTH|bearer|basic |ntlm|negotiate|kerberos|digest|cookie|session_?id|sessid|sudo|stdin|identified|chpasswd|connect\.sid|\.aspx|authori[sz]ation"?\s*[:=]|:(?:\d{4,5}|\*):[^:\s]{1,64}:[^:\s]{1,64}:|:\/\/[^\s"]{0,300}@|:[^\s:@/"'<>]{4,64}@|:(?:\\\/){2}|-BEGIN|PuTTY-|RSAKeyValue|ey[AJ]|ewo|W3s|gh[opsu]_|github_pat|glpat-|xox[abprs]-|A[KS]IA|sk[-_]|AIza|npm_|\bSG\.|ya29\.|%(?:25)*[2-7][\da-f]|\\u00[2-7]|&(?:amp;)*#x?[2-7]\d?|&(?:amp;)*#1[0-2]\d|[\uFF21-\uFF5A\u200B-\u200D\u00AD\u2060]/i;

/** True unless nothing in the text can be a credential by its name or by its look. */
export function mayHoldCredential(text: string): boolean {
  return NAMES.test(text) || FORMS.test(text);
}

/** Returns the text with everything that looks like a credential masked; the same string where there is nothing. */
export function maskText(text: string): string {
  return mapCredentials(text, () => MASK);
}

/**
 * Returns the text with `change` applied to everything that looks like a credential: the values of names such as `password` in JSON, XML, YAML,
 * connection strings, options and plain text, the login of a URL, private keys, HTTP authorization and tokens of a known form. Linear in the length.
 */
export function mapCredentials(text: string, change: ReplaceSecret, depth = 0): string {
  if (!mayHoldCredential(text)) return text;
  const inner = (part: string) => mapCredentials(part, change, depth + 1);
  if (depth < DEEPEST) {
    const document = mapDocument(text, { change, text: inner });
    if (document !== undefined) return document;
  }
  const action = readAction(text);
  if (action) return mapInAction(text, action, change, inner);
  return mapInPlainText(text, change, depth);
}

/** Masks a text that is JSON or XML as a whole; undefined where it is neither. */
export function mapDocument(text: string, options: MaskJsonOptions): string | undefined {
  const first = /^\uFEFF?\s*(["<[{])/.exec(text)?.[1];
  if (first === '<') return maskXml(text, options);
  if (first === undefined) return undefined;
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const masked = maskJson(body, options);
  return masked === undefined || body === text ? masked : `\uFEFF${masked}`;
}

type ParsedAction = ReturnType<typeof parseAction>;

function readAction(text: string): ParsedAction | undefined {
  if (!/^\s*[A-Za-z][A-Za-z\d]* +--/.test(text)) return undefined;
  try {
    return parseAction(text);
  } catch {
    return undefined;
  }
}

/** In the notation of the management shell a backslash ends no quote, so anything else would read on into the next argument. */
function mapInAction(text: string, { command, args }: ParsedAction, change: ReplaceSecret, inner: ReplaceSecret): string {
  const entries = Object.entries(args).map(([name, value]) => {
    const isSecret = !isNoSecret(value) && isSecretName(name);
    return { name, value, now: isSecret ? change(value) : inner(value) };
  });
  if (entries.every(({ value, now }) => now === value)) return text;
  return [command, ...entries.map(({ name, now }) => `--${name}="${now}"`)].join(' ');
}

/** A stretch of text that is a credential. */
type Stretch = readonly [start: number, end: number];

/** Levels of escapes inside plain text. */
const ESCAPE_LEVELS = 3;

function mapInPlainText(whole: string, change: ReplaceSecret, depth: number): string {
  const text = depth < DEEPEST ? mapEmbedded(whole, change, depth) : whole;
  const found = findAll(text, depth).map(([start, end]) => ({ start, end }));
  let decoded: DecodedText | undefined = new DecodedText(text);
  for (let level = 0; level < ESCAPE_LEVELS && decoded; level++) {
    decoded = resolveEscapes(decoded);
    if (!decoded) break;
    const source = decoded;
    for (const [start, end] of findAll(source.text, depth))
      if (end > start) found.push({ start: source.findStart(start), end: source.findEnd(end - 1) });
  }
  const edits = mergeSpans(found).flatMap(({ start, end }): Edit[] => {
    const credential = text.slice(start, end);
    const changed = credential === MASK ? credential : change(credential);
    return changed === credential ? [] : [{ start, end, text: changed }];
  });
  return applyEdits(text, edits);
}

/** Everything in a plain text that looks like a credential, in any order. */
function findAll(text: string, depth: number): readonly Stretch[] {
  if (!mayHoldCredential(text)) return [];
  return [
    ...findPrivateKeys(text),
    ...findLogins(text),
    ...findAuthorizations(text),
    ...findAssignments(text),
    ...findSections(text),
    ...findOptions(text),
    ...findQuoted(text),
    ...findPairs(text),
    ...findElements(text),
    ...findTokens(text),
    ...findSignatures(text),
    ...findEncoded(text, depth),
    ...[...findInCommands(text), ...findInSentences(text)].map(({ start, end }): Stretch => [start, end]),
  ];
}

/**
 * Masks the documents inside a text: XML from the first tag to the last, and JSON between brackets that belong together. Documents that are cut
 * off or no documents at all are left to what looks through plain text.
 */
function mapEmbedded(text: string, change: ReplaceSecret, depth: number): string {
  const options = { change, text: (part: string) => mapCredentials(part, change, depth + 1) };
  const json = mapEmbeddedJson(text, options);
  const start = json.search(/<[\p{L}_!?]/u);
  const end = start < 0 ? -1 : json.lastIndexOf('>') + 1;
  // A text that is one document was read as such before.
  if (end <= start || (start === 0 && end === json.length && depth > 0)) return json;
  const masked = maskXml(json.slice(start, end), options);
  return masked === undefined ? json : json.slice(0, start) + masked + json.slice(end);
}

/** Where an object or a list of texts or objects begins. */
const JSON_BEGIN = /\{\s{0,20}["}]|\[\s{0,20}[{["]/g;

function mapEmbeddedJson(text: string, options: MaskJsonOptions): string {
  let [result, done] = ['', 0];
  // Brackets inside brackets that are no JSON are read again; not more often than makes the cost linear.
  let budget = 4 * text.length;
  const begin = new RegExp(JSON_BEGIN);
  for (let match = begin.exec(text); match && budget > 0; match = begin.exec(text)) {
    const end = endOfBrackets(text, match.index);
    budget -= end - match.index;
    const part = text.slice(match.index, end);
    const masked = maskJson(part, options);
    if (masked === undefined) begin.lastIndex = match.index + 1;
    else {
      result += text.slice(done, match.index) + masked;
      done = end;
      begin.lastIndex = end;
    }
  }
  return result + text.slice(done);
}

const KEY_BEGIN = /-{4,5} ?BEGIN [A-Z\d ]{0,40}?(?:PRIVATE KEY(?: BLOCK)?|PKCS ?#?12|PFX) ?-{4,5}|PuTTY-User-Key-File-\d/g;
const KEY_END = /-{4,5} ?END [A-Z\d ]{0,40}?(?:PRIVATE KEY(?: BLOCK)?|PKCS ?#?12|PFX) ?-{4,5}(?:\\+[rn]|[\r\n])*|\nPrivate-MAC:[^\r\n]*/g;

/** Private keys with their frame, also without its beginning or its end. */
function findPrivateKeys(text: string): Stretch[] {
  if (!/PRIVATE KEY|PKCS ?#?12|PFX|PuTTY-/.test(text)) return [];
  const begins = [...text.matchAll(KEY_BEGIN)].map(({ index }) => index);
  const ends = [...text.matchAll(KEY_END)].map((match) => ({ index: match.index, after: match.index + match[0].length }));
  const found: Stretch[] = [];
  let done = 0;
  let nextBegin = 0;
  for (const { index, after } of ends) {
    while (nextBegin < begins.length && (begins[nextBegin] ?? 0) < done) nextBegin++;
    const begin = begins[nextBegin];
    let start = begin !== undefined && begin < index ? begin : index;
    // The beginning was cut off: the text before the end is still the key.
    if (start === index) while (start > done && /[A-Za-z\d+/=\s\\]/.test(text[start - 1] ?? '')) start--;
    found.push([start, after]);
    done = after;
  }
  const last = begins.find((begin) => begin >= done);
  return last === undefined ? found : [...found, [last, text.length]];
}

const LONGEST_URL = 8192;
const ENCODED_URL = /(%(?:25){0,3}3a%(?:25){0,3}2f%(?:25){0,3}2f)([^\s&"'<>]{1,1024}?)%(?:25){0,3}40/gi;
const COLON = /:|%(?:25)*3a/i;
/** A login without a scheme, as in `user:password@host` and `//user:password@host`. */
const BARE_LOGIN = /(?<![\w.+\\@-])([\w.+\\-]{1,64}):([^\s:@/'"<>]{4,64})@(?=[\w[-])/g;
/** Words before a colon and an address that are no users. */
const NOT_USER =
  /^(?:to|from|an|von|cc|bcc|re|aw|fw|fwd|wg|antwort|mailto|smtp|sips?|xmpp|e?-?mail|sender|recipient|user|login|subject|betreff|upn|x\d+|eum|ex|ms)$/i;
/** Names of tokens that services issue, and texts that no person has as a user name. */
const TOKEN_LIKE = /^(?:gh[opsu]_|github_pat_|glpat-|xox[abprs]-|sk-|AKIA|eyJ|pat-)|^(?=[^\s.@]*\d)(?=[^\s.@]*[A-Za-z])[\w-]{20,}$/;

/** The passwords in the userinfo of URLs, and tokens without a user name. */
function findLogins(text: string): Stretch[] {
  const found: Stretch[] = [];
  for (let sign = text.indexOf('://'); sign >= 0;) {
    const start = sign + 3;
    // A URL within a URL is a URL of its own.
    sign = text.indexOf('://', start);
    const rest = text.slice(start, Math.min(start + LONGEST_URL, sign < 0 ? text.length : sign));
    // A quote ends a URL only before a delimiter: a password may hold one.
    const url = /^(?:[^\s"'<>`]|["'](?![\s,:;)\]}]|$))*/.exec(rest)?.[0] ?? '';
    const authority = /^[^/?#]*/.exec(url)?.[0] ?? '';
    let at = authority.lastIndexOf('@');
    // A password may hold a slash; a host with a port and a path has only digits there.
    if (at < 0 && /^[^:]*:(?!\d{0,5}$)/.test(authority)) at = url.indexOf('@', authority.length);
    if (at < 0) continue;
    const userinfo = url.slice(0, at);
    const colon = COLON.exec(userinfo);
    if (colon) {
      const from = start + colon.index + colon[0].length;
      if (from < start + at) found.push([from, start + at]);
    } else if (TOKEN_LIKE.test(userinfo)) found.push([start, start + at]);
  }
  for (const match of text.includes('@') ? text.matchAll(BARE_LOGIN) : []) {
    const [whole, user = '', password = ''] = match;
    const isSchemed = /:\/\/[^\s]*$/.test(text.slice(Math.max(0, match.index - 20), match.index + user.length));
    if (isSchemed || NOT_USER.test(user) || !isOdd(password)) continue;
    const start = match.index + whole.length - password.length - 1;
    found.push([start, start + password.length]);
  }
  for (const match of text.includes('%') ? text.matchAll(ENCODED_URL) : []) {
    const [whole, sign = '', userinfo = ''] = match;
    const colon = COLON.exec(userinfo);
    const start = match.index + sign.length;
    if (colon && whole !== '') found.push([start + colon.index + colon[0].length, start + userinfo.length]);
  }
  return found;
}

const HEADER =
  /\b(?:proxy-)?authorization["'\\]{0,6}\s{0,4}[:=,]\s{0,4}["'\\]{0,6}(?:(?:basic|bearer|digest|negotiate|ntlm|token|apikey|aws4-hmac-sha256)\s{1,4})?([^\r\n"']*)/gi;
const COOKIE = /\b(?:set-)?cookie["'\\]{0,6}\s{0,4}:\s{0,4}["'\\]{0,6}([^\r\n"']*)/gi;
const SCHEME = /\b(basic|bearer)\s{1,4}([A-Za-z\d+/=_.~-]{6,})/gi;

/** The credentials of HTTP's headers, also where only scheme and credentials are left. */
function findAuthorizations(text: string): Stretch[] {
  const headers = [...text.matchAll(HEADER), ...text.matchAll(COOKIE)].flatMap((match): Stretch[] => {
    const value = (match[1] ?? '').replace(/\\+$/, '').trimEnd();
    const start = match.index + match[0].length - (match[1] ?? '').length;
    return isNoSecret(value) ? [] : [[start, start + value.length]];
  });
  const schemes = [...text.matchAll(SCHEME)].flatMap((match): Stretch[] => {
    const [whole, scheme = '', value = ''] = match;
    const isCredential =
      scheme.toLowerCase() === 'basic'
        ? /^[\x20-\x7E\u00A0-\uFFFC]*:[\x20-\x7E\u00A0-\uFFFC]*$/u.test(Buffer.from(value, 'base64').toString())
        : value.length >= 12 && /\d/.test(value);
    return isCredential ? [[match.index + whole.length - value.length, match.index + whole.length]] : [];
  });
  return [...headers, ...schemes];
}

const TOKENS =
  /\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|\b(?:gh[opsu]_[A-Za-z\d]{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abprs]-[\w-]{10,}|A[KS]IA[A-Z\d]{16}|[sr]k_(?:live|test)_[A-Za-z\d]{10,}|sk-[\w-]{20,}|AIza[\w-]{30,}|npm_[A-Za-z\d]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{20,}|hf_[A-Za-z\d]{20,}|dop_v1_[a-f\d]{20,}|AGE-SECRET-KEY-1[A-Z\d]{20,})(?![\w-])/g;

/** Tokens that are known by their form. */
function findTokens(text: string): Stretch[] {
  return [...text.matchAll(TOKENS)].map((match): Stretch => [match.index, match.index + match[0].length]);
}

const SIGNATURE = /(?<![\w-])sig=((?=[^&\s"'<>]{0,200}[\d%])[^&\s"'<>;]{8,})/gi;
const PGPASS = /^[\w.*-]+:(?:\d{4,5}|\*):[^:\s]+:[^:\s]+:([^\s:]+)[ \t]*$/gm;

/** Signatures of shared access in URLs, and lines of `.pgpass`. */
function findSignatures(text: string): Stretch[] {
  return [SIGNATURE, PGPASS].flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match): Stretch => {
      const value = (match[1] ?? '').length;
      const end = match.index + match[0].trimEnd().length;
      return [end - value, end];
    }),
  );
}

const ENCODED = /(?<![A-Za-z\d+/_-])(?:ey[AJ]|ewo|W3s)[A-Za-z\d+/_-]{12,}={0,2}/g;

/** The base64 of JSON that holds a credential. */
function findEncoded(text: string, depth: number): Stretch[] {
  if (depth >= DEEPEST) return [];
  return [...text.matchAll(ENCODED)].flatMap((match): Stretch[] => {
    const json = Buffer.from(match[0], 'base64').toString();
    return mapCredentials(json, () => MASK, depth + 1) === json ? [] : [[match.index, match.index + match[0].length]];
  });
}

/** What a sentence says of a secret after its name and a colon, and what is no value of an option. */
const SAID =
  /^(?:the|an?|is|was|were|are|must|may|can|cannot|could|should|would|has|have|had|not|no|for|of|to|or|and|with|please|this|that|it|if|when|der|die|das|ein|eine|ist|war|wurde|muss|darf|kann|nicht|kein|keine|bitte|changed|unchanged|expired|required|invalid|incorrect|wrong|missing|empty|unknown|none|set|unset|enabled|disabled|yes|ja|nein|ok|valid|accepted|rejected|denied|failed|used|lowercase|uppercase|at|too)(?=$|[\s,;.)])/i;

const NAME_CHARACTER = /[\p{L}\p{M}\p{N}_.$-]/u;
const LONGEST_NAME = 64;

/** A name before a position, also in quotes. */
interface Named {
  readonly name: string;
  readonly start: number;
}

/** Returns the name that ends at a position, and where it alone names no secret, the one of two words; undefined for any other. */
function secretNameBefore(text: string, end: number, mayHaveVerb: boolean): Named | undefined {
  let last = end;
  while (last > 0 && end - last < 24 && /[\s"'\\`\])*.…]/.test(text[last - 1] ?? '') && text[last - 1] !== '\n') last--;
  // A text in brackets behind a name describes it, as in `Kennwort (neu):`.
  const bracket = / ?[([][\p{L}\p{M}\p{N} .,_-]{1,40}$/u.exec(text.slice(Math.max(0, last - 44), last));
  if (bracket && /[)\]]/.test(text[last] ?? '') && isSecretName(nameAt(text, last - bracket[0].length))) last -= bracket[0].length;
  if (text.slice(last - 6, last) === '&quot;') last -= 6;
  const first = nameStart(text, last);
  if (first === last) return undefined;
  const one = text.slice(first, last);
  if (isSecretName(one)) return { name: one, start: first };
  if (text[first - 1] !== ' ') return undefined;
  const three = /mot de passe$/i.exec(text.slice(Math.max(0, last - 12), last));
  if (three) return { name: three[0], start: last - three[0].length };
  const second = nameStart(text, first - 1);
  if (mayHaveVerb && /^(?:is|was|ist|war|lautet|lautete|lauten|es|est|era)$/i.test(one)) {
    const said = text.slice(second, first - 1);
    return second < first - 1 && STRONG.test(said.normalize('NFC')) && isSecretName(said) ? { name: said, start: second } : undefined;
  }
  const two = text.slice(second, last);
  // Two words name a secret only where the second alone does not describe one, as in "the password is".
  if (second === first - 1 || !/(?:key|keys|code|codes|string|phrase|word|wort|schl\S+)$/iu.test(one.normalize('NFC'))) return undefined;
  return isSecretName(two) ? { name: two, start: second } : undefined;
}

function nameAt(text: string, end: number): string {
  return text.slice(nameStart(text, end), end);
}

function nameStart(text: string, end: number): number {
  let start = end;
  while (start > 0 && end - start < LONGEST_NAME && NAME_CHARACTER.test(text[start - 1] ?? '')) start--;
  return start;
}

/** The values of `name=value` and `name: value`. */
function findAssignments(text: string): Stretch[] {
  const found: Stretch[] = [];
  const lines = new Lines(text);
  const separator = /[=:→|\t]|->|[ ][–—][ ]/g;
  for (let match = separator.exec(text); match; match = separator.exec(text)) {
    const at = match.index;
    if (match[0] === ':' && text.startsWith('://', at)) continue;
    const named = secretNameBefore(text, at, match[0] !== '=');
    if (!named || /unexpected\s+$/i.test(text.slice(Math.max(0, named.start - 14), named.start))) continue;
    const value = valueAfter(text, at + match[0].length, named, match[0] !== '=', lines);
    // Behind these, an ordinary word is more likely than a value.
    if (!value || (/[|\t–—]/.test(match[0]) && !isOdd(text.slice(...value)))) continue;
    found.push(value);
    separator.lastIndex = Math.max(value[1], at + 1);
  }
  return found;
}

/** Where the line of a position begins and ends; positions come in order, so that no line is looked through twice. */
class Lines {
  readonly #text: string;
  #start = 0;
  #end = -1;

  constructor(text: string) {
    this.#text = text;
  }

  at(position: number): { readonly lineStart: number; readonly lineEnd: number } {
    if (position > this.#end || position < this.#start) {
      // Not by lastIndexOf: where a text has no `\r` at all, it would look through all of the text for each line.
      this.#start = position;
      while (this.#start > 0 && !/[\r\n]/.test(this.#text[this.#start - 1] ?? '')) this.#start--;
      this.#end = endOfLine(this.#text, position);
    }
    return { lineStart: this.#start, lineEnd: this.#end };
  }
}

function valueAfter(text: string, after: number, { name, start: nameAt }: Named, isColon: boolean, lines: Lines): Stretch | undefined {
  let at = after;
  if (text[at] === '=' || text[at] === '>' || (isColon && text[at] === ':')) at++;
  while (at - after < 40 && (text[at] === ' ' || text[at] === '\t')) at++;
  if (at >= text.length) return undefined;
  const { lineStart, lineEnd } = lines.at(at);
  // Marks of Markdown, and tags and anchors of YAML, are no part of the value.
  const mark = isColon
    ? /^(?:(?:\*\*|__)[ \t]*)?(?:(?:![^\s]{0,80}|&[A-Za-z][\w-]{0,40})[ \t]+){0,2}/.exec(text.slice(at, Math.min(lineEnd, at + 260)))
    : null;
  at += mark?.[0].length ?? 0;
  if (isColon && lineEnd - at < 8 && /^[|>][\d+-]{0,3}\s*$/.test(text.slice(at, lineEnd))) return indentedBlock(text, lineStart, lineEnd);
  if (at >= lineEnd) return isColon ? (indentedBlock(text, lineStart, lineEnd) ?? nextLine(text, lineEnd)) : undefined;
  const quoted = quotedAt(text, at);
  if (quoted) return isNoSecret(text.slice(...quoted)) ? undefined : quoted;
  if ((text[at] === '{' && !/^\{[A-Z][A-Z\d-]{1,20}\}\S/i.test(text.slice(at, at + 24))) || text[at] === '[') {
    if (classifyName(name) === 'credentials') return undefined;
    return [at, !isColon && text[at] === '{' ? endOfBraces(text, at) : endOfBrackets(text, at)];
  }
  const line = text.slice(at, lineEnd);
  if (isColon && SAID.test(line.slice(0, 40))) return undefined;
  // Credentials are often a title; only a login is none.
  if (isColon && classifyName(name) === 'credentials' && !line.split(/[\s/,;:]+/).some((word) => isOdd(word) && word.length >= 6))
    return undefined;
  const value = unquotedValue(line, { text, lineStart, nameAt, isColon });
  if (isColon && /^\d{1,3}(?: [\p{L}].*)?$/u.test(value) && !STRONG.test(name.normalize('NFC'))) return undefined;
  if (isNoSecret(value) || (isPlural(name) && /^[\d.,]{1,20}$/.test(value))) return undefined;
  return [at, at + value.length];
}

interface ValuePlace {
  readonly text: string;
  readonly lineStart: number;
  readonly nameAt: number;
  readonly isColon: boolean;
}

/** Returns the value with which the rest of a line begins, by what kind of line it is. */
function unquotedValue(line: string, { text, lineStart, nameAt, isColon }: ValuePlace): string {
  if (!isColon) {
    const isConnection = isConnectionString(text.slice(Math.max(lineStart, nameAt - 300), nameAt), line);
    return ((isConnection ? /^[^;]+/ : /^[^\s;&]+/).exec(line)?.[0] ?? '').trimEnd();
  }
  const before = nameAt - lineStart < 80 ? text.slice(lineStart, nameAt) : 'x';
  if (/^\s*(?:-\s+)?["']?$/.test(before)) {
    const comment = line.indexOf(' #');
    return (comment < 0 ? line : line.slice(0, comment)).trimEnd();
  }
  const word = /^\S+/.exec(line)?.[0] ?? '';
  let end = word.length;
  while (end > 1 && ',;.)]}'.includes(word[end - 1] ?? '')) end--;
  return word.slice(0, end);
}

/** In a connection string, a list of names and values between semicolons, a value ends at a semicolon alone. */
function isConnectionString(before: string, rest: string): boolean {
  if (/=[^;=]*;\s*$/.test(before)) return true;
  const semicolon = rest.slice(0, 4200).indexOf(';');
  if (semicolon < 0) return false;
  return semicolon === rest.trimEnd().length - 1 || /^\s*[\p{L}][\p{L}\d_ ]{0,40}=/u.test(rest.slice(semicolon + 1, semicolon + 60));
}

function endOfLine(text: string, from: number): number {
  const breaks = /[\r\n]/g;
  breaks.lastIndex = from;
  return breaks.exec(text)?.index ?? text.length;
}

/** Returns the line below one, where it is one word that no language has. */
function nextLine(text: string, lineEnd: number): Stretch | undefined {
  const match = /\r?\n([^\s]{4,400})[ \t]*(?=[\r\n]|$)/y;
  match.lastIndex = lineEnd;
  const word = match.exec(text)?.[1];
  return word !== undefined && isOdd(word) ? [match.lastIndex - word.length, match.lastIndex] : undefined;
}

/** Returns the lines below one that are indented deeper: what YAML has under a name. */
function indentedBlock(text: string, lineStart: number, lineEnd: number): Stretch | undefined {
  const indent = /^[ \t]*(?:- +)?/.exec(text.slice(lineStart, lineEnd))?.[0].length ?? 0;
  const line = /(?:\r?\n|\r)([ \t]*)(-? ?)([^\r\n]*)/y;
  let [start, end] = [-1, lineEnd];
  for (line.lastIndex = lineEnd; ;) {
    const match = line.exec(text);
    if (!match) break;
    const [, blanks = '', dash = '', content = ''] = match;
    const isInside = content === '' || blanks.length > indent || (dash.startsWith('-') && blanks.length >= indent && dash.length > 1);
    if (!isInside) break;
    if (content !== '') {
      if (start < 0) start = match.index + match[0].length - content.length;
      end = line.lastIndex;
    }
  }
  return start < 0 ? undefined : [start, end];
}

/** Returns the inside of a quoted text, whose quotes may be escaped as in JSON or XML; to the end of the text where it is cut off. */
function quotedAt(text: string, at: number): Stretch | undefined {
  if (text.startsWith('&quot;', at)) {
    const end = text.indexOf('&quot;', at + 6);
    return [at + 6, end < 0 ? text.length : end];
  }
  const open = /(\\{0,15})(["'`])/y;
  open.lastIndex = at;
  const match = open.exec(text);
  if (!match) return undefined;
  const [, slashes = '', quote = ''] = match;
  const start = open.lastIndex;
  if (slashes === '') {
    for (let end = start; end < text.length; end++) {
      if (text[end] === '\\') end++;
      else if (text[end] === quote) {
        if (text[end + 1] !== quote) return [start, end];
        end++;
      }
    }
    return [start, text.length];
  }
  // Inside quotes that are escaped themselves, the closing one has the same number of backslashes, and a quote of the value has more.
  for (let end = text.indexOf(quote, start); end >= 0; end = text.indexOf(quote, end + 1)) {
    let count = 0;
    while (end - 1 - count >= start && text[end - 1 - count] === '\\') count++;
    if (count <= slashes.length) return [start, end - count];
  }
  return [start, text.length];
}

/** Returns the end of an ODBC value in braces, in which `}}` means one brace. */
function endOfBraces(text: string, at: number): number {
  for (let end = text.indexOf('}', at); end >= 0; end = text.indexOf('}', end + 2)) if (text[end + 1] !== '}') return end + 1;
  return text.length;
}

/** Returns the end of an object or a list in a text that is not JSON as a whole. */
function endOfBrackets(text: string, at: number): number {
  let depth = 0;
  let inString = false;
  for (let end = at; end < text.length; end++) {
    const character = text[end];
    if (character === '\\' && inString) end++;
    else if (character === '"') inString = !inString;
    else if (inString) continue;
    else if (character === '{' || character === '[') depth++;
    else if ((character === '}' || character === ']') && --depth === 0) return end + 1;
  }
  return text.length;
}

const SECTION = /^[ \t]*\[([\p{L}][\p{L}\p{M}\p{N} ._-]{0,80})\][ \t]*$/gmu;
const ENTRY = /^([ \t]*)[^\s=#;[\]][^=\r\n]{0,100}=[ \t]*(?:"([^"\r\n]+)"|'([^'\r\n]+)'|([^\r\n]+))/gm;

/** The values in a section of INI or TOML that has the name of a secret. */
function findSections(text: string): Stretch[] {
  if (!text.includes('[')) return [];
  const sections = [...text.matchAll(SECTION)];
  return sections.flatMap((section, index): Stretch[] => {
    if (classifyName(section[1] ?? '') !== 'secret') return [];
    const start = section.index + section[0].length;
    const end = sections[index + 1]?.index ?? text.length;
    return [...text.slice(start, end).matchAll(ENTRY)].flatMap((entry): Stretch[] => {
      const value = (entry[2] ?? entry[3] ?? entry[4] ?? '').trimEnd();
      const at = start + entry.index + entry[0].lastIndexOf(value);
      return isNoSecret(value) ? [] : [[at, at + value.length]];
    });
  });
}

const OPTION = /(?<=^|[\s"'`(,[])(?:--?|\/)([\p{L}][\p{L}\p{M}\p{N}_.-]{1,60})["']?,?[ \t]+(?=[^\s=:-]|-[^\s-])/gu;

/** The values of command-line options such as `--password x`. */
function findOptions(text: string): Stretch[] {
  if (!text.includes('-')) return [];
  return [...text.matchAll(OPTION)].flatMap((match): Stretch[] => {
    const [whole, name = ''] = match;
    if (!isSecretName(name)) return [];
    const at = match.index + whole.length;
    const quoted = quotedAt(text, at);
    if (quoted) return isNoSecret(text.slice(...quoted)) ? [] : [quoted];
    const value = /[^\s]+/y;
    value.lastIndex = at;
    const found = value.exec(text)?.[0] ?? '';
    return isNoSecret(found) || SAID.test(found) ? [] : [[at, at + found.length]];
  });
}

const BEFORE_QUOTE = /([\p{L}\p{M}_-]{3,60})[ \t]+(?:(?:is|was|to|ist|war|lautet|auf|of|value)[ \t]+)?["'`„“‚«](?=\S)/gu;

/** The quoted text behind a word for a password, as in "Login with password 'x' failed". */
function findQuoted(text: string): Stretch[] {
  return [...text.matchAll(BEFORE_QUOTE)].flatMap((match): Stretch[] => {
    const [whole, name = ''] = match;
    if (!STRONG.test(name.normalize('NFC')) || !isSecretName(name)) return [];
    const start = match.index + whole.length;
    const close = ({ '„': '“', '“': '”', '‚': '‘', '«': '»' } as Record<string, string>)[whole.at(-1) ?? ''] ?? whole.at(-1) ?? '';
    const line = /^[^\r\n]*/.exec(text.slice(start, start + 4200))?.[0] ?? '';
    const end = start + (line.includes(close) ? line.indexOf(close) : line.length);
    return isNoSecret(text.slice(start, end)) ? [] : [[start, end]];
  });
}

const PAIR =
  /\b(?:\w{0,30}?(?:name|key|property|field|setting|parameter|param|option|attribute|header|variable|item|type)|schl(?:ü|ue)ssel|eigenschaft|feld)["'\\]{0,8}\s{0,4}[:=]\s{0,4}["'\\]{0,8}([\p{L}\p{M}\p{N}_. -]{2,60}?)["'\\]{0,8}[\s,;/]{0,40}(?:-\s{1,4})?["'\\]{0,8}(?:\w{0,30}?(?:value|val|wert|content|data))["'\\]{0,8}\s{0,4}[:=]\s{0,4}/giu;
const PAIR_REVERSED =
  /\b(?:value|val|wert)\s{0,4}=\s{0,4}("[^"]{0,4096}"|'[^']{0,4096}')\s{1,8}(?:\w{0,30}?(?:name|key|property|setting))\s{0,4}=\s{0,4}["']([\p{L}\p{M}\p{N}_. -]{2,60})["']/giu;

/** A name and its value in quotes, alone in brackets or on a line, as in `("password", "x")`. */
const TUPLE =
  /(?<=[({[][ \t]{0,4}|^[ \t]{0,20})(["'])([\p{L}\p{M}\p{N}_. -]{2,60})\1[ \t]{0,4}[,;][ \t]{0,4}(["'])([^"'\r\n]{1,400})\3(?=[ \t]{0,4}(?:[)}\]]|$))/gmu;

/** The values of pairs such as `key="password" value="x"` and `name: password, value: x`. */
function findPairs(text: string): Stretch[] {
  const tuples = [...text.matchAll(TUPLE)].flatMap((match): Stretch[] => {
    const value = match[4] ?? '';
    const end = match.index + match[0].length - 1;
    return isNamedSecret(match[2] ?? '') && !isNoSecret(value) ? [[end - value.length, end]] : [];
  });
  if (!/val|wert|content|data/i.test(text)) return tuples;
  const lines = new Lines(text);
  const forward = [...text.matchAll(PAIR)].flatMap((match): Stretch[] => {
    if (!isNamedSecret(match[1] ?? '')) return [];
    const value = valueAfter(text, match.index + match[0].length, { name: match[1] ?? '', start: match.index }, false, lines);
    return value ? [value] : [];
  });
  const backward = [...text.matchAll(PAIR_REVERSED)].flatMap((match): Stretch[] => {
    const [whole, value = '', name = ''] = match;
    if (!isNamedSecret(name)) return [];
    const start = match.index + whole.indexOf(value) + 1;
    return [[start, start + value.length - 2]];
  });
  return [...tuples, ...forward, ...backward];
}

const ELEMENT = /<(?:[\w-]{1,40}:)?([\p{L}_][\p{L}\p{M}\p{N}_.-]{0,80})(\s[^<>]{0,500})?>/gu;
const ATTRIBUTE_NAME = /(?:^|\s)[\w:-]{0,30}?(?:name|key|property|field|id)\s{0,4}=\s{0,4}["']([^"'<>]{1,80})["']/i;
/** A list of keys and values, in which the value is the element after its key. */
const KEY_ELEMENT =
  /<(?:\w{0,20}?(?:name|key|property|field))>\s{0,40}([^<>]{1,80}?)\s{0,40}<\/\w{1,30}>\s{0,40}<[\w-]{1,40}(?:\s[^<>]{0,200})?>([^<>]{1,4096})<\//gi;

/** The contents of XML elements in a text that is not XML as a whole. */
function findElements(text: string): Stretch[] {
  if (!text.includes('<')) return [];
  const found: Stretch[] = [];
  const element = new RegExp(ELEMENT);
  for (let match = element.exec(text); match; match = element.exec(text)) {
    const [whole, name = '', attributes = ''] = match;
    if (whole.endsWith('/>')) continue;
    if (classifyName(name) !== 'secret' && !isNamedSecret(ATTRIBUTE_NAME.exec(attributes)?.[1] ?? '')) continue;
    const start = element.lastIndex;
    const close = text.indexOf(`</`, start);
    const own = text.indexOf(`</${name}`, start);
    const end = own >= 0 ? own : close >= 0 ? close : text.length;
    if (!isNoSecret(text.slice(start, end))) found.push([start, end]);
    element.lastIndex = end;
  }
  for (const match of text.matchAll(KEY_ELEMENT)) {
    const [whole, name = '', value = ''] = match;
    if (!isNamedSecret(name) || isNoSecret(value)) continue;
    const start = match.index + whole.length - 2 - value.length;
    found.push([start, start + value.length]);
  }
  return found;
}
