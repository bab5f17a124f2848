import { loadArchives } from '../config/load.ts';
import { elsewhereSentence } from '../journal/page.ts';

/** Which archives' rows a list of the record shows. */
export interface ShownArchives {
  /** The origins whose rows are shown; absent where no archive is configured, and all are shown. */
  readonly origins?: readonly string[];
  /** Returns what this configuration calls the archive of a row: the target's name, or its origin where it is not configured. */
  nameArchive(row: { readonly target: string; readonly origin?: string }): string;
}

/** Reads which archives are configured. Throws MailStoreError for a setting that is wrong. */
export function findShownArchives(flags: Readonly<Record<string, string>>): ShownArchives {
  const archives = loadArchives({ flags });
  const nameArchive: ShownArchives['nameArchive'] = ({ target, origin }) => {
    const here = archives.filter((archive) => archive.origin === origin);
    return (here.find(({ name }) => name === target) ?? here[0])?.name ?? origin ?? target;
  };
  return { ...(archives.length > 0 && { origins: archives.map(({ origin }) => origin) }), nameArchive };
}

/** Says below a list how many rows it leaves out; on stderr where the list itself is for programs. */
export function writeElsewhere(elsewhere: number, { isJson }: { readonly isJson: boolean }): void {
  const sentence = elsewhereSentence(elsewhere);
  if (sentence !== undefined) (isJson ? process.stderr : process.stdout).write(`${sentence}\n`);
}

/** Says below a list how many rows it has left out. */
export function writeCut(shown: number, total: number, { isJson }: { readonly isJson: boolean }): void {
  if (shown >= total) return;
  (isJson ? process.stderr : process.stdout).write(`${shown} of ${total} shown; --all shows the rest.\n`);
}
