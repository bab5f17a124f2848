/**
 * What stands under a name. `secret`: all of it is secret. `credentials`: an object with a login, of which the descriptive fields stay readable.
 * `none`: nothing is known from the name.
 */
export type NameKind = 'secret' | 'credentials' | 'none';

/** Parts of one word that name a secret, in English and German, after case and accents are removed. */
const SECRET_PART =
  /passw(?!ordless|ay)|passphrase|passcode|passkey|pwd|pswd|secret(?!ar)|geheim(?!halt|schutz)|kennw|losungsw|credential|zugangsdat|anmeldedat|anmeldeinf/;

/** The same in other languages, as `wordsIn` leaves the word: without marks, so that a Japanese or Korean name is in parts. */
const SECRET_FOREIGN =
  /contrasen(?!tid)|motdepasse|^mdp$|^senhas?$|^wachtwoord|^heslo$|^has[lł]o$|^jelszo$|^parola$|^parole$|salasana|lozinka|losenord|adgangskode|пароль|пароля|κωδικοςπροσβασης|密码|密碼|口令|ハスワト|暗証番号|\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169|סיסמה/u;

/** Words that name a secret when they stand alone or end a longer word. */
const SECRET_WORD =
  /^(?:pass|pw|pin|pins|pin(?:nummer|nr|number|zahl)n?|(?:store|key|user|db|root|bind|admin|mail|smtp|imap|pop|ldap|ftp|http|proxy|sql|login|require|old|new|service|svc|my|net|web|app|cert|backup|archive?)pass|(?:bind|root|user|db|admin|mail|smtp|imap|ldap|ftp|http|proxy|sql|login|old|new|service|svc|my|sa)pw|puk|pfx|p12|pkcs12|otp|otps|totp|hotp|psk|jwt|mnemonic|bearer|cookies?|setcookie|(?:proxy)?authorization|tokens?)$|(?:access|auth|api|bearer|session|refresh|security|csrf|xsrf|sas|id|zugriffs|zugangs|authentifizierungs|anmelde|sitzungs|sicherheits|aktualisierungs)tokens?$/;

/** A key is a secret only with a word before it that says so: `publicKey`, `primaryKey` and `registryKey` are none. */
const SECRET_KEY =
  /(?:private|encryption|decryption|crypto|api|access|recovery|product|licen[sc]e|secret|signing|signature|master|storage|account|shared|symmetric|ssh|activation|registration|client|app|application|consumer|subscription|unlock|backup|session|auth|authentication|machine|validation|hmac|aes|rsa|pgp|gpg|wrapping|tls|ssl|preshared|totp|otp)keys?$/;
const SECRET_KEY_GERMAN =
  /(?:lizenz|produkt|wiederherstellungs|privat(?:e[nrsm]?)?|geheimer?|signatur|signier|aktualisierungs|authentifizierungs|verschlus?selungs|verschluesselungs|entschlusselungs|api|zugriffs|zugangs|freischalt|aktivierungs|sitzungs|haupt|entsperr|sicherheits|registrierungs)(?:schlussel|schluessel)[ns]?$/;
const SECRET_CODE =
  /(?:recovery|backup|security|access|unlock|verification|activation|auth|authorization|onetime|emergency|scratch|mfa|2fa|pin|login|reset|licen[sc]e|registration|sicherheits|zugangs|entsperr|aktivierungs|wiederherstellungs|bestatigungs|bestaetigungs|freischalt)codes?$/;
/** Two or three words that name a secret only together. */
const SECRET_COMPOUND =
  /^(?:pass(?:word|wort|phrase|code|key)s?|(?:kenn|pass)wort|(?:connection)strings?|sharedaccesssignature|seedphrase|setcookie|rsakeyvalue|amzsignature)$|verbindungszeichenfolgen?$|connectionstrings?$/;

/** The last word of a name that describes a secret and holds none, such as `CredentialId` and `passwordNeverExpires`. */
const ABOUT =
  /^(?:ids?|guid|uuid|name|type|kind|status|state|polic(?:y|ies)|count|length|age|expire[sd]?|expiry|expires|expiration|ablauf|date|datum|time|times|at|by|on|ur[il]s?|endpoint|required|enabled|disabled|changed?|changes|description|beschreibung|protected|set|history|minutes|hours|days|tage|complexity|quality|strength|score|rules?|requirements?|version|format|algorithm|provider|label|title|file|files|path|folder|dir|directory|location|source|fingerprint|thumbprint|variable|env|lifetime|timeout|ttl|validity|valid|limit|size|usage|used|unused|issuer|scopes?|audience|attempts?|retries|failures|failed|mode|method|options?|settings?|anzahl|lange|laenge|generator|manager|hinweis|consent)$/;

/** The last word of a name that says in which form something is there. */
const FORM =
  /^(?:data|daten|blob|bytes|base64|b64|pem|der|hex|value|wert|content|inhalt|raw|plain|plaintext|klartext|string|text|material|again|confirm|confirmation|repeat|wiederholung|neu|alt|new|old|current|previous)$/;

/** The name of a run in the 2012 form of the API: without it, the exchanges that follow could not be read. */
const RUN_NAME = 'statustoken';

const CREDENTIALS = /^(?:credentials?|zugangsdaten|anmeldedaten|anmeldeinformation(?:en)?)$/;
/** What stays readable inside credentials, besides what `ABOUT` names. */
const WHOSE = /^(?:users?|username|login|benutzer|benutzername|host|hostname|server|domain|tenant|port|e?mail|address|adresse|owner|upn)$/;

/** Longer names are judged by their end: no product has them, and the cost of a name stays small. */
const LONGEST_NAME = 120;
const CACHE_LIMIT = 4096;
const kinds = new Map<string, NameKind>();

/** Returns what kind of value a name has, regardless of its case, its separators and the normal form of its characters. */
export function classifyName(name: string): NameKind {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  const kind = judgeName(name.slice(-LONGEST_NAME));
  if (name.length <= LONGEST_NAME) {
    if (kinds.size >= CACHE_LIMIT) kinds.clear();
    kinds.set(name, kind);
  }
  return kind;
}

/** True for a name under which a secret stands. */
export function isSecretName(name: string): boolean {
  return classifyName(name) !== 'none';
}

/** Returns the kind of what stands under a name of the kind `own`, inside something of the kind `outer`. */
export function kindBelow(outer: NameKind, own: NameKind, name: string): NameKind {
  if (outer === 'secret' || own === 'secret') return 'secret';
  if (outer === 'none') return own;
  return isDescriptive(name) ? 'none' : 'credentials';
}

/** True for a field of credentials that says whose they are and what they are for. */
export function isDescriptive(name: string): boolean {
  const last = wordsIn(name.slice(-LONGEST_NAME)).at(-1) ?? '';
  return ABOUT.test(last) || WHOSE.test(last);
}

/** True for a name in the plural: a number under it counts, and is no secret itself. */
export function isPlural(name: string): boolean {
  return /s$/i.test(name) || /w(?:ö|o\u0308|oe)rter$/i.test(name);
}

function judgeName(name: string): NameKind {
  const words = wordsIn(name);
  const kind = judgeWords(words);
  // A name may end in what form its content has, as in `PfxData` and `privateKeyPem`.
  return kind === 'none' && words.length > 1 && FORM.test(words.at(-1) ?? '') ? judgeWords(words.slice(0, -1)) : kind;
}

function judgeWords(words: readonly string[]): NameKind {
  const last = words.at(-1);
  if (last === undefined || ABOUT.test(last) || words.join('') === RUN_NAME) return 'none';
  if (CREDENTIALS.test(last)) return 'credentials';
  const [two, three] = [words.slice(-2).join(''), words.slice(-3).join('')];
  const isSecret =
    words.some((word) => SECRET_PART.test(word) || SECRET_FOREIGN.test(word)) ||
    [two, three].some((end) => SECRET_FOREIGN.test(end)) ||
    words.some((_, index) => index > 0 && SECRET_COMPOUND.test(words.slice(index - 1, index + 1).join(''))) ||
    SECRET_WORD.test(last) ||
    [last, two, three].some(
      (end) => SECRET_KEY.test(end) || SECRET_KEY_GERMAN.test(end) || SECRET_CODE.test(end) || SECRET_COMPOUND.test(end),
    );
  return isSecret ? 'secret' : 'none';
}

/** Returns the words of a name in small letters and without accents: those of `SmtpPassword`, `smtp_password` and `SMTP-Password` are the same. */
function wordsIn(name: string): readonly string[] {
  const plain = name.normalize('NFKD').replaceAll(/[\p{M}\p{Default_Ignorable_Code_Point}]/gu, '');
  return (plain.match(/\p{Lu}?\p{Ll}+(?:\d+(?=\P{L}|$))?|\p{Lu}+(?!\p{Ll})\d*|\p{Lu}|\p{Lo}+|\d+\p{Ll}*/gu) ?? []).map((word) =>
    word.toLowerCase(),
  );
}
