import { parseArgs } from 'node:util';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';

export interface Flags {
  /** Values by flag name with dashes. */
  readonly values: Readonly<Record<string, string>>;
  readonly switches: ReadonlySet<string>;
  /** What is no flag, in its order. */
  readonly words: readonly string[];
}

/**
 * Reads `--flag value`, `--flag=value` and `--switch`. Throws MailStoreError on anything that is none of the names, with the nearest one, and on
 * other words unless `words` allows them.
 */
export function readFlags(
  args: readonly string[],
  names: { readonly values: readonly string[]; readonly switches: readonly string[]; readonly words?: true },
): Flags {
  const known = [...names.values, ...names.switches];
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(names.values.map((name) => [name.slice(2), { type: 'string' as const }])),
      ...Object.fromEntries(names.switches.map((name) => [name.slice(2), { type: 'boolean' as const }])),
    },
  });
  const values: Record<string, string> = {};
  const switches = new Set<string>();
  const words: string[] = [];
  for (const token of tokens) {
    if (names.words && token.kind !== 'option') {
      if (token.kind === 'positional') words.push(token.value);
      continue;
    }
    if (token.kind !== 'option') {
      const setting = token.kind === 'positional' ? token.value : '--';
      throw new MailStoreError('unknownSetting', { setting, nearest: nearest(setting, known) });
    }
    const { rawName, value, inlineValue } = token;
    if (names.switches.includes(rawName)) {
      if (value !== undefined) throw new MailStoreError('invalidSetting', { setting: rawName, value, expected: 'given without a value' });
      switches.add(rawName);
    } else if (names.values.includes(rawName)) {
      // `--state-dir --sandbox` leaves a value out; `--password=--x` gives one.
      if (value === undefined || value === '' || (!inlineValue && value.startsWith('--')))
        throw new MailStoreError('missingSetting', { setting: rawName, hint: 'it takes a value.' });
      values[rawName] = value;
    } else {
      throw new MailStoreError('unknownSetting', { setting: rawName, nearest: nearest(rawName, known) });
    }
  }
  return { values, switches, words };
}
