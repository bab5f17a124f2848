const ENGLISH = 'en-US';

/**
 * Returns true if a terminal shows characters beyond ASCII: on Windows always, elsewhere where the locale is UTF-8. `LC_ALL` wins over
 * `LC_CTYPE`, which wins over `LANG` (POSIX, Base Definitions, chapter 8.2).
 */
export function showsUnicode(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (platform === 'win32') return true;
  return /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '');
}

/**
 * Returns the locale in which a reader writes numbers, as BCP 47: that of `LC_ALL`, `LC_NUMERIC` or `LANG`, in this order (as above); undefined,
 * that is, that of the machine, on Windows. English for the locales C and POSIX, and for one that is not known.
 */
export function readNumberLocale(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  if (platform === 'win32') return undefined;
  const [name = ''] = (env['LC_ALL'] || env['LC_NUMERIC'] || env['LANG'] || '').split(/[.@]/);
  const tag = name.replaceAll('_', '-');
  try {
    return Intl.NumberFormat.supportedLocalesOf(tag)[0] ?? ENGLISH;
  } catch {
    return ENGLISH;
  }
}
