const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/**
 * Returns a number of bytes as people read it, such as `5.3 GB`, counted in steps of 1,024 as Windows and MailStore count; undefined for anything
 * else than a number. `locale` is that of the reader: the terminal, questions and answers to assistants are in English.
 */
export function formatSize(bytes: number, locale?: string): string;
export function formatSize(bytes: unknown, locale?: string): string | undefined;
export function formatSize(bytes: unknown, locale = 'en-US'): string | undefined {
  if (typeof bytes !== 'number') return undefined;
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toLocaleString(locale, { maximumFractionDigits: 1 })} ${UNITS[step]}`;
}
