import { escapeHidden } from '../base/escape-hidden.ts';
import { loadArchives } from '../config/load.ts';
import { elsewhereSentence, type PageRequest, type RowPage } from '../journal/page.ts';

/** Rows that are read at a time where all are wanted. */
const PAGE_ROWS = 500;

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

/** What a list of the record is asked for. */
interface ListRequest {
  readonly all: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

interface ListParts<Row> {
  readonly archives: ShownArchives;
  /** Rows of a list without `all`. */
  readonly limit: number;
  /** The sentence where nothing is recorded. */
  readonly none: string;
  page(request: PageRequest): Promise<RowPage<Row>>;
  /** Returns the whole name of a row, as --quiet writes it. */
  name(row: Row): string;
  render(rows: readonly Row[]): string;
}

/**
 * Writes the newest rows of the configured archives, or all of them, and below them how many are left out. Those for programs are written page by
 * page, however many there are; what is said of them goes to stderr.
 */
export async function writeList<Row>(
  { archives: { origins }, limit, none, page, name, render }: ListParts<Row>,
  { all, json, quiet }: ListRequest,
): Promise<void> {
  const { stdout, stderr } = process;
  const isForPrograms = json || quiet;
  const shown: Row[] = [];
  let count = 0;
  for (let before: number | undefined; ;) {
    const { rows, next, total, elsewhere } = await page({ limit: all ? PAGE_ROWS : limit, before, origins });
    for (const row of rows) {
      if (json) stdout.write(`${escapeHidden(JSON.stringify(row))}\n`);
      else if (quiet) stdout.write(`${name(row)}\n`);
      else shown.push(row);
    }
    count += rows.length;
    before = next;
    if (all && before !== undefined) continue;
    if (!isForPrograms) stdout.write(count === 0 ? `${none}\n` : render(shown));
    const notes = isForPrograms ? stderr : stdout;
    if (count < total) notes.write(`${count} of ${total} shown; --all shows the rest.\n`);
    const sentence = elsewhereSentence(elsewhere);
    if (sentence !== undefined) notes.write(`${sentence}\n`);
    return;
  }
}
