import type { CommandInfo } from '../protocol.ts';
import { groupLabel } from './labels.ts';

/**
 * Words that people use, English and German, and the words of the declarations that they mean, the best first. Umlauts are written out and an s at
 * the end is left out, as `splitWords` does.
 */
const SYNONYMS: readonly (readonly [words: string, meanings: string])[] = [
  ['mailbox mailboxe postfach postfaecher mailarchiv archivpostfach', 'folder archive user'],
  ['archiv archive archivieren', 'archive archiving store'],
  ['mail email nachricht nachrichten message', 'message email'],
  ['permission berechtigung berechtigungen recht rechte zugriff zugriffsrechte access acl', 'right privilege'],
  ['role rolle rollen administrator admin', 'privilege'],
  ['health healthy gesundheit zustand statu diagnose problem', 'check health verify server run store statu'],
  ['2fa mfa totp otp zweifaktor 2faktor zweifaktorauthentifizierung authenticator twofactor', 'multifactor'],
  ['user account benutzer nutzer konto konten anwender benutzerkonto', 'user'],
  ['password kennwort kennwoerter passwort passwoerter', 'password'],
  ['backup sicherung sicherungen sichern datensicherung', 'backup'],
  ['delete remove erase loeschen entfernen', 'delete revoke'],
  ['create add new anlegen erstellen hinzufuegen neu neue neuer neuen', 'create add attach'],
  ['rename umbenennen', 'rename'],
  ['change edit update modify set reset aendern bearbeiten setzen anpassen zuruecksetzen', 'set change replace'],
  ['show get display read view anzeigen zeigen ansehen', 'show list'],
  ['list all liste auflisten alle', 'list'],
  ['move verschieben', 'move'],
  ['start run execute ausfuehren starten', 'run'],
  ['stop cancel abort abbrechen stoppen beenden', 'stop'],
  ['enable disable activate deactivate aktivieren deaktivieren einschalten ausschalten', 'switch'],
  ['verify check test pruefen ueberpruefen testen', 'verify test'],
  ['repair fix reparieren', 'repair recover rebuild'],
  ['store speicher archivspeicher speicherort database datenbank', 'store'],
  ['storage space size disk quota usage speicherplatz platz groesse', 'measure statistic store compact'],
  ['index indexe suchindex suchindizes indizes volltext', 'indexe index'],
  ['folder ordner verzeichni', 'folder'],
  ['job task schedule aufgabe aufgaben auftrag auftraege zeitplan', 'job'],
  ['profile profil archivierungsprofil import export', 'profile'],
  ['run history log lauf laeufe protokoll ergebni ergebnisse result', 'run report'],
  ['retention aufbewahrung aufbewahrungsfrist loeschfrist aufbewahrungsrichtlinie', 'retention'],
  ['compliance legal hold gdpr dsgvo gobd rechtssicherheit', 'compliance'],
  ['license licence lizenz lizenzen', 'licence'],
  ['session logged sitzung sitzungen angemeldet', 'session'],
  ['certificate cert tl ssl zertifikat', 'certificate'],
  ['ldap ad activedirectory entra verzeichnisdienst verzeichnisdienste', 'directory'],
  ['sync synchronize synchronise synchronisieren abgleichen', 'synchronise'],
  ['mailserver mailversand notification benachrichtigung', 'smtp statu'],
  ['credential zugangsdaten anmeldedaten', 'credential'],
  ['timezone zeitzone zeitzonen', 'zone'],
  ['version info information', 'server licence'],
  ['setting configuration config einstellung einstellungen konfiguration', 'setting configuration'],
  ['key encryption schluessel verschluesselung', 'key'],
  ['compact shrink komprimieren verkleinern', 'compact'],
  ['upgrade aktualisieren', 'upgrade'],
  ['einhaengen anhaengen', 'attach'],
  ['aushaengen abhaengen', 'detach'],
  ['alias addresse adresse adressen emailadresse', 'address'],
  ['name namen vollername', 'name'],
  ['token apppassword apppasswort', 'app password'],
];

/** Words of a question that say nothing about the command. */
const FILLERS = new Set(
  'a an the of for to in on and how do i my with by is der die das den dem des ein eine einen einem eines von vom zu zum zur im in und fuer wie ich mein eine'.split(
    ' ',
  ),
);

/** What a match counts, by where it is: as a whole word, and as the beginning of one. */
const WEIGHTS = { title: [100, 70], tool: [80, 60], summary: [30, 20], group: [25, 15] } as const;

/** A match inside a word, such as `info` in GetUserInfo. */
const INSIDE = 10;

/** What the name of a command counts, as it is written, and with its words folded: VerifyStores is VerifyStore then. */
const NAMED = 1000;
const NEARLY_NAMED = 500;

/** A word that a person means counts less than the one that is written, and each further meaning less than the one before. */
const MEANT = 0.8;
const FURTHER = 0.05;

/** From how many letters on the beginning of a synonym counts for it. */
const BEGINNING = 4;

/** Returns the commands that a search finds, the best first: those that have every word, or where none has, those that have the most. */
export function searchCommands(commands: readonly CommandInfo[], search: string): readonly CommandInfo[] {
  const written = splitWords(search);
  const telling = written.filter((word) => !FILLERS.has(word));
  const words = telling.length > 0 ? telling : written;
  if (words.length === 0) return commands;
  const terms = words.map(listTerms);
  const name = search.toLowerCase().replaceAll(/[^a-z\d]/g, '');
  const rated = commands.map((command) => {
    const texts = readTexts(command);
    const points = terms.map((alternatives) => Math.max(...alternatives.map(({ term, share }) => rateTerm(texts, term) * share)));
    const named = texts.name.replaceAll('_', '') === name ? NAMED : texts.tool.join('') === words.join('') ? NEARLY_NAMED : 0;
    return {
      command,
      found: points.filter((point) => point > 0).length,
      points: points.reduce((sum, point) => sum + point, named),
    };
  });
  const most = Math.max(...rated.map(({ found }) => found));
  return rated
    .filter(({ found }) => found > 0 && found === most)
    .toSorted((one, other) => other.points - one.points)
    .map(({ command }) => command);
}

interface CommandTexts {
  readonly name: string;
  readonly title: readonly string[];
  readonly tool: readonly string[];
  readonly summary: readonly string[];
  readonly group: readonly string[];
}

function readTexts({ name, tool, title, summary, group }: CommandInfo): CommandTexts {
  return {
    name: name.toLowerCase(),
    title: splitWords(title),
    tool: splitWords(tool),
    summary: splitWords(summary),
    group: splitWords(groupLabel(group)),
  };
}

function rateTerm(texts: CommandTexts, term: string): number {
  const places = (['title', 'tool', 'summary', 'group'] as const).map((place) => {
    const [whole, beginning] = WEIGHTS[place];
    if (texts[place].includes(term)) return whole;
    return texts[place].some((word) => word.startsWith(term)) ? beginning : 0;
  });
  const best = Math.max(...places);
  // A command that has the word in more places, or says little else, is about it more.
  if (best > 0) return best + places.reduce<number>((sum, place) => sum + place, 0) / 100 - texts.title.length;
  return texts.name.includes(term) || texts.title.some((word) => word.includes(term)) ? INSIDE : 0;
}

function listTerms(word: string): readonly { readonly term: string; readonly share: number }[] {
  const listed = SYNONYMS.map(([words, meanings]) => [words.split(' '), meanings.split(' ')] as const);
  const known = listed.filter(([words]) => words.includes(word));
  const begun = word.length < BEGINNING ? [] : listed.filter(([words]) => words.some((other) => other.startsWith(word)));
  const meant = (known.length > 0 ? known : begun).flatMap(([, meanings]) =>
    meanings.map((term, index) => ({ term, share: MEANT - index * FURTHER })),
  );
  return [{ term: word, share: 1 }, ...meant];
}

/** Returns the words of a text, folded so that spellings meet: `2-Faktor` is one word, `set_user` are two, and `stores` is `store`. */
function splitWords(text: string): readonly string[] {
  return text
    .toLowerCase()
    .normalize('NFC')
    .replaceAll(/['’]s\b/g, '')
    .replaceAll(/(?<=[\p{L}\p{N}])-(?=\p{L})/gu, '')
    .replaceAll('ä', 'ae')
    .replaceAll('ö', 'oe')
    .replaceAll('ü', 'ue')
    .replaceAll('ß', 'ss')
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
    .map((word) => word.replace(/(?<=..[^s])s$/, ''));
}
