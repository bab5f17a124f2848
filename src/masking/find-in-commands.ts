import { isNoSecret, type Span } from './masks.ts';

/** A value as a shell takes it: quoted or one word that is no option. */
const V = String.raw`(?:"([^"\r\n]{1,400})"|'([^'\r\n]{1,400})'|((?![-"'|;&<>])[^\s"'|;&<>]{1,400}))`;

/** Characters of a command that are read behind the name of its program. */
const COMMAND_LENGTH = 600;

interface PasswordProgram {
  readonly name: RegExp;
  /** What precedes the password; the value is read behind it. */
  readonly options: readonly RegExp[];
}

function program(names: string, ...options: readonly string[]): PasswordProgram {
  return {
    name: new RegExp(String.raw`(?<![\w.-])(?:${names})(?:\.exe)?["']?(?=[ \t])`, 'gi'),
    options: options.map((option) => new RegExp(option + V, 'g')),
  };
}

const USER = String.raw`["']?[^\s:"'/]{1,100}`;

/** Where well-known programs take a password without naming it. The names are in any letter case, the options are not. */
const PROGRAMS: readonly PasswordProgram[] = [
  program(String.raw`(?:mysql|mariadb)[\w-]{0,20}`, String.raw`(?<=[ \t])-p[ \t]*`),
  program(
    'mongo(?:sh|dump|restore|export|import|files|stat)?|psexec(?:64)?|paexec|certutil|certreq|az|(?:docker|podman|nerdctl|helm|oc)[ \\t]+(?:registry[ \\t]+)?login|smbmap|crackmapexec|netexec|evil-winrm|cqlsh|ipmitool|winrs|mosquitto_(?:pub|sub)|sshpass',
    String.raw`(?<=[ \t])-[pP][ \t]*(?:[:=])?`,
  ),
  program('7z[arz]?|rar|unrar|winrar', String.raw`(?<=[ \t])-h?p`),
  program('zip|unzip|zipcloak|sqlcmd|bcp|osql|isql|tsql|impacket-\\w+', String.raw`(?<=[ \t])-P[ \t]*`),
  program(
    'ldap(?:search|modify|add|delete|passwd|whoami|compare|modrdn)|ldifde|csvde|dsquery|dsmod|wbinfo',
    String.raw`(?<=[ \t])-w[ \t]*`,
  ),
  program('ldappasswd', String.raw`(?<=[ \t])-[as][ \t]+`),
  program('openssl', String.raw`(?<=[ \t])-(?:k|passin|passout|pass)[ \t]+(?:pass:)?`),
  program('redis-cli', String.raw`(?<=[ \t])(?:-a|--pass)[ \t]+`),
  program('curl|wget|https?|xh|ab|siege', String.raw`(?<=[ \t])(?:-u|-U|-a|--user|--proxy-user|--auth)[ \t=]*${USER}:(?!//)`),
  program('smbclient|smbget|rpcclient|nmblookup|net|wmic|smbcacls|winexe', String.raw`(?<=[ \t])(?:-U|--user=)[ \t]*["']?[^\s%"']{1,100}%`),
  program('lftp|ncftp|sftp', String.raw`(?<=[ \t])-u[ \t]+[^\s,]{1,100},`),
  program('schtasks|at', String.raw`(?<=[ \t])/rp[ \t]+`),
  program('signtool|[xmw]?freerdp|rdesktop|pvk2pfx|makecert', String.raw`(?<=[ \t])[/-](?:p|po|pi)(?::|[ \t]+)`),
  program('htpasswd', String.raw`(?<=[ \t])-[A-Za-z]*b[A-Za-z]*[ \t]+[^\s]{1,200}[ \t]+[^\s]{1,100}[ \t]+`),
  program(
    'net1?[ \\t]+use',
    String.raw`\\\\[^\s]{1,200}[ \t]+(?![/*])(?=[^\s]{1,200}[ \t]+/)`,
    String.raw`/u(?:ser)?:(?:"[^"\r\n]{1,100}"|[^\s]{1,100})[ \t]+(?![/*])`,
  ),
  program('net1?[ \\t]+user', String.raw`^[ \t]+(?:"[^"\r\n]{1,100}"|[^\s/]{1,100})[ \t]+(?![/*])`),
  program('chpasswd', String.raw`<<<[ \t]*${USER}:`),
  program('echo|printf', String.raw`^[ \t]+${USER}:(?=[^\s|]{1,200}[ \t]*\|[ \t]*(?:sudo[ \t]+)?chpasswd)`),
  program(
    'echo|printf',
    String.raw`^[ \t]+(?=[^\r\n|]{1,200}\|[ \t]*(?:sudo[ \t]+-S|su\b|passwd[ \t]+--stdin|docker[ \t]+login|kinit|cryptsetup))`,
  ),
  program('sqlplus|expdp|impdp|exp|imp|rman|sqlldr|tnsping', String.raw`(?<=[ \t])["']?[\w$#.]{1,60}/`),
  program('swaks', String.raw`(?<=[ \t])-ap[ \t]+`),
];

/** What a program or a protocol takes as a secret in a place of its own. */
const FORMS: readonly RegExp[] = [
  new RegExp(String.raw`\bConvertTo-SecureString(?:[ \t]+-(?:AsPlainText|Force))*[ \t]+(?:-String[ \t]+)?(?!\$)${V}`, 'gi'),
  new RegExp(
    String.raw`\b(?:PSCredential|NetworkCredential)\]?(?:::new)?[ \t]*\([ \t]*["'][^"'\r\n]{1,100}["'][ \t]*,[ \t]*(?:\(?ConvertTo-SecureString[ \t]+)?(?=["'])${V}`,
    'gi',
  ),
  // A login of the form user:password; two numbers are ids.
  new RegExp(
    String.raw`(?<=^|[\s"'(])--?(?:user|proxy-user|userpwd|userpass|auth|creds|credentials?|login|basic|basic-auth)[ \t=:]["']?(?!\d+:\d+\b)[^\s:"'/=]{1,100}:(?!//)${V}`,
    'gi',
  ),
  new RegExp(String.raw`\bjdbc:oracle:\w{1,10}:[\w$#.]{1,60}/${V}(?=@)`, 'gi'),
  /\bjdbc:oracle:\w{1,10}:[\w$#.]{1,60}\/([^\s@"']{1,200})@/gi,
  new RegExp(String.raw`\bIDENTIFIED[ \t]+(?:WITH[ \t]+[^\s]{1,60}[ \t]+)?(?:BY|AS)[ \t]+(?:PASSWORD[ \t]+|VALUES[ \t]+)?${V}`, 'gi'),
  /\bAUTH(?:ENTICATE)? (?:PLAIN|LOGIN|CRAM-MD5|DIGEST-MD5|NTLM|GSSAPI|XOAUTH2|OAUTHBEARER|SCRAM-SHA-\d+)[ \t]+([A-Za-z\d+/=_-]{4,})/gi,
  /(?<=^|[\s>:])LOGIN[ \t]+(?:"[^"\r\n]{1,200}"|[^\s"]{1,200})[ \t]+(?:"([^"\r\n]{1,400})"|((?=[^\s]*[\d!@#$%^&*+=~?])(?=[^\s]*[A-Za-z])[^\s"]{4,400}))/gm,
  /(?<=^|[\s>:])LOGIN[ \t]+\{\d+\+?\}\r?\n[^\r\n]{1,200}\r?\n([^\r\n]{1,400})/gm,
  /(?:(?<=^USER [^\r\n]{1,200}\r?\n(?:[+<>\w][^\r\n]{0,200}\r?\n)?)|(?<=^|[\s>]))PASS[ \t]+((?=[^\s]*[\d!@#$%^&*+=~?])(?=[^\s]*[A-Za-z])[^\s"]{4,400})[ \t]*$/gm,
  /\b(?:NTLM|Negotiate|Kerberos)[ \t]+([A-Za-z\d+/=_.~-]{16,})/gi,
  /\bDigest[ \t]+\w+=[^\r\n]{0,400}?\bresponse=["']?([\da-zA-Z-]{6,})/gi,
  /\b(?:JSESSIONID|PHPSESSID|ASP\.NET_SessionId|ASPSESSIONID\w{0,20}|connect\.sid|\.ASPXAUTH|\.AspNetCore?\.[\w.]{1,40})["']?[ \t]*[=:][ \t]*["']?([^;\s&"'<>]{4,})/gi,
  /\b(?:login|user(?:name)?|account|machine)[ \t]+[^\s]{1,100}[ \t]+pass(?:word)?[ \t]+((?=[^\s]*[\d!@#$%^&*+=~?])[^\s"']{4,400})/gi,
  /^[ \t]*(?:bindpw|rootpw|requirepass|masterauth)[ \t]+["']?([^\s"'#]{3,400})[ \t]*$/gim,
];

/** Finds the passwords in command lines of well-known programs, and in the commands of PowerShell and of mail protocols. */
export function findInCommands(text: string): Span[] {
  const found = FORMS.flatMap((form) => [...text.matchAll(form)].flatMap(readValue));
  for (const { name, options } of PROGRAMS) {
    let done = 0;
    for (const match of text.matchAll(name)) {
      if (match.index < done) continue;
      const from = match.index + match[0].length;
      const segment = /^[^\r\n]*/.exec(text.slice(from, from + COMMAND_LENGTH))?.[0] ?? '';
      done = from + segment.length;
      for (const option of options)
        for (const value of segment.matchAll(option))
          found.push(...readValue(value).map(({ start, end }) => ({ start: from + start, end: from + end })));
    }
  }
  return found;
}

/** What a log says in the place of a value. */
const SAID = /^(?:failed|error|is|was|not|and|or|for|the|denied|missing|required|fehlgeschlagen|nicht|und)[.,;]?$/i;

/** Returns where the value of a match is: the last group that took part, which stands at the end of the match but for a sign behind it. */
function readValue(match: RegExpExecArray): Span[] {
  const value = match.slice(1).findLast((group) => group !== undefined);
  if (value === undefined || isNoSecret(value) || SAID.test(value)) return [];
  const start = match.index + match[0].lastIndexOf(value);
  return [{ start, end: start + value.length }];
}
