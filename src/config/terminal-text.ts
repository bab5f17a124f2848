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
