import { isNoSecret, type Span } from './masks.ts';
import { isPlural, isSecretName } from './secret-names.ts';

/** Parts of words that may name a secret in a sentence. */
const STEM =
  /passw|passphrase|passcode|pwd|pw\b|pass\b|kennw|geheim|losungsw|contrase|wachtw|parol|senha|motdepasse|mot de passe|secret|token|\bpin\b|\bpins?-|key|schl(?:ü|u\u0308|ue)ssel|code|\botp\b/giu;

/** Names under which a sentence states hardly anything but a password. */
export const STRONG =
  /contrase|wachtw|parol|senha|passw|passphrase|passcode|kennw|geheimn|losungsw|pwd|mot de passe|\bpin$|^pw$|\w(?:pass|pw)$/i;

const WORD_CHARACTER = /[\p{L}\p{M}\p{N}_-]/u;
const LONGEST_NAME = 64;

/** Characters and words of a sentence that are read behind a name. */
const SENTENCE_LENGTH = 240;
const SENTENCE_WORDS = 14;

/** What joins a name and its value, and how far the word behind it is believed to be the value. */
const VERB = /^(?:is|was|are|were|now|be|equals?|ist|war|sind|nun|jetzt|es|est|era|è|jest|har|var|:|=|:=|=>|->|→|–|—)$/i;
const STATES = /^(?:lautet|lauteten?|lauten|heißt|heisst|hiess|hieß)$/i;
const PREPOSITION = /^(?:from|to|auf|von|as|als|into|in|zu|with|mit)$/i;

/** What follows such a word and is no value. */
const NO_VALUE =
  /^(?:the|an?|is|was|wie|as|follows?|folgt|folgend\S*|nicht|not|never|nie|noch|unverändert|unchanged|gleich|same|leer|empty|jetzt|nun|now|wieder|again|immer|always|so|bitte|please|anders|der|die|das|ein|eine)$/i;

/** Words of letters and digits that are ordinary: products, algorithms, protocols, units and things with a number. */
const ORDINARY =
  /^(?:office|microsoft|m|o|windows|win|exchange|server|outlook|sha|md|base|utf|aes|des|3des|rc|rsa|oauth|ipv|smb|tls|ssl|pkcs|x|ntlmv|http|imap|pop|saml|fido|web|mfa|2fa|totp|v|id|nr|no|tab|kb|event|error|code|store|archive|archiv|ldap|krb|step|schritt|level|line|zeile|iso|rfc|q|kw)[-_ ]?v?\d{1,5}(?:[.-]\d+)*$|^\d{1,4}-?[a-zäöü]{1,12}$|^\d+(?:st|nd|rd|th|x)$/i;

/** True for a word that no language has: letters with digits or signs between them. */
export function isOdd(word: string): boolean {
  return (
    word.length >= 4 && /\p{L}/u.test(word) && (/\d/.test(word) || /[!@#$%^&*+=~\\|?§€{}<>]/.test(word.slice(0, -1))) && !isOrdinary(word)
  );
}

/** True for an odd word of at least three kinds of characters, and none of the form of a host name or of a name with a number. */
function isVeryOdd(word: string): boolean {
  if (!isOdd(word) || !/\d/.test(word) || /^[\p{L}]+[-_]?\d+$/u.test(word) || /^[\w-]+(?:\.[\w-]+)+$/.test(word)) return false;
  return [/\p{Ll}/u, /\p{Lu}/u, /[^\p{L}\p{N}.,]/u].filter((kind) => kind.test(word)).length >= 2;
}

function isOrdinary(word: string): boolean {
  return (
    ORDINARY.test(word) ||
    word.includes('://') ||
    /^[A-Za-z]:[\\/]|^\\\\|^\.{0,2}\/|^%\w+%|^\$[\w{(]/.test(word) ||
    /^[^@\s]+@[^@\s]+\.[A-Za-z]{2,}$/.test(word) ||
    /^[\w.-]+[=:]|[,;][\w.-]+=/.test(word) ||
    /^\d[\d.:/,TZ+-]*$/.test(word) ||
    /^v\d+(?:\.\d+)*$/i.test(word) ||
    /^\*+$/.test(word)
  );
}

type WordLink = 'name' | 'verb' | 'states' | 'preposition' | 'none';

interface SentenceName {
  readonly end: number;
  readonly isStrong: boolean;
  /** True for what is often made of digits alone. */
  readonly isCode: boolean;
  readonly isPlural: boolean;
}

/**
 * Finds secrets that a sentence states after the name of one, as in "the password is Hunter2-x", "Kennwort von amira lautet …" and "with password
 * … failed". Only what is no ordinary word counts, since "the password is expired" has the same form.
 */
export function findInSentences(text: string): Span[] {
  const found: Span[] = [];
  let done = 0;
  for (const { index, 0: stem } of text.matchAll(STEM)) {
    if (index < done) continue;
    const name = readName(text, index, index + stem.length);
    if (!name) continue;
    done = name.end;
    found.push(...findBehind(text, name));
  }
  return found;
}

function readName(text: string, stemStart: number, stemEnd: number): SentenceName | undefined {
  let [start, end] = [stemStart, stemEnd];
  while (start > 0 && stemStart - start < LONGEST_NAME && WORD_CHARACTER.test(text[start - 1] ?? '')) start--;
  while (end < text.length && end - stemEnd < LONGEST_NAME && WORD_CHARACTER.test(text[end] ?? '')) end++;
  const one = text.slice(start, end);
  const isStrong = STRONG.test(one.normalize('NFC'));
  const isCode = /code$|otp$|^pin/i.test(one);
  if (isSecretName(one)) return { end, isStrong, isCode, isPlural: isPlural(one) };
  // Two words name a secret together, as in "API key" and "privater Schlüssel".
  let second = start - 1;
  if (text[second] !== ' ') return undefined;
  while (second > 0 && start - second < LONGEST_NAME && WORD_CHARACTER.test(text[second - 1] ?? '')) second--;
  const two = text.slice(second, end);
  return second < start - 1 && /(?:key|keys|code|codes|schl\S+)$/iu.test(one.normalize('NFC')) && isSecretName(two)
    ? { end, isStrong: false, isCode, isPlural: isPlural(one) }
    : undefined;
}

/** Reads the words of the same sentence behind a name. */
function findBehind(text: string, { end: from, isStrong, isCode, isPlural: isMany }: SentenceName): Span[] {
  const found: Span[] = [];
  const word = /([ \t.…]*)([^\s]{1,200})/y;
  const limit = from + SENTENCE_LENGTH;
  let link: WordLink = 'name';
  word.lastIndex = from;
  for (let count = 0; count < SENTENCE_WORDS; count++) {
    const match = word.exec(text);
    if (!match || match.index > limit) break;
    const [, gap = '', raw = ''] = match;
    // What follows the name without a blank belongs to it.
    if (count === 0 && gap === '') {
      if (!/^["'“”»’)\]*_:]{1,4}$/.test(raw)) break;
      if (raw.endsWith(':')) link = 'verb';
      continue;
    }
    const begin = word.lastIndex - raw.length + (/^[([{<"'`„“‚«*_]*/.exec(raw)?.[0].length ?? 0);
    const bare = raw.slice(begin - word.lastIndex + raw.length).replace(/["'`“”‘’»)\]}>*_,;:.]+$/, '');
    const isQuoted = /["'`„“‚«]$/.test(text.slice(begin - 1, begin));
    const isLast = !/^[ \t]*[\p{L}\p{N}%]/u.test(text.slice(begin + bare.length, begin + bare.length + 8));
    if (bare !== '' && isStated(bare, { link, isStrong, isCode, isMany, isLast })) {
      found.push({ start: begin, end: begin + bare.length });
      link = 'none';
    } else if (isQuoted && isStrong && link !== 'none' && link !== 'name') {
      const quoted = /^[^"'`“”‘’»\r\n]{1,200}/.exec(text.slice(begin, begin + 200))?.[0] ?? '';
      if (!isNoSecret(quoted) && quoted !== '***') found.push({ start: begin, end: begin + quoted.length });
      word.lastIndex = begin + quoted.length;
      link = 'none';
    } else link = readLink(raw, bare);
    if (/[.!?]["')]?$/.test(raw) && /^\s/.test(text.slice(word.lastIndex, word.lastIndex + 1)) && link !== 'verb' && found.length === 0)
      break;
  }
  return found;
}

function readLink(raw: string, bare: string): WordLink {
  if (raw.endsWith(':') || VERB.test(raw)) return 'verb';
  if (VERB.test(bare)) return 'verb';
  if (STATES.test(bare)) return 'states';
  return PREPOSITION.test(bare) ? 'preposition' : 'none';
}

interface SentencePlace {
  readonly link: WordLink;
  readonly isStrong: boolean;
  readonly isCode: boolean;
  readonly isMany: boolean;
  /** True at the end of a sentence or a part of it. */
  readonly isLast: boolean;
}

function isStated(word: string, { link, isStrong, isCode, isMany, isLast }: SentencePlace): boolean {
  if (word.length < 4) return false;
  switch (link) {
    case 'name':
      return isStrong ? !isMany && isOdd(word) : isVeryOdd(word);
    case 'verb':
      return (
        isOdd(word) ||
        (isLast && isCode && /^\d{4,12}$/.test(word)) ||
        (isStrong && isLast && (/^\d{4,12}$/.test(word) || /^\p{Lu}?\p{Ll}+\p{Lu}\p{Ll}\p{L}*$/u.test(word)))
      );
    case 'states':
      return /^\d{4,12}$/.test(word) || (!NO_VALUE.test(word) && !isOrdinary(word));
    case 'preposition':
      return isVeryOdd(word);
    case 'none':
      return false;
  }
}
