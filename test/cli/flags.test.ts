import { expect, test } from 'vitest';
import { readFlags } from '../../src/cli/flags.ts';

const NAMES = { values: ['--url', '--access', '--state-dir'], switches: ['--sandbox', '--json'] };

const read = (...args: readonly string[]) => {
  const { values, switches } = readFlags(args, NAMES);
  return { values, switches: [...switches] };
};

test.each<[readonly string[], ReturnType<typeof read>]>([
  [[], { values: {}, switches: [] }],
  [['--url', 'https://a'], { values: { '--url': 'https://a' }, switches: [] }],
  [['--url=https://a'], { values: { '--url': 'https://a' }, switches: [] }],
  [['--url=https://a?b=c'], { values: { '--url': 'https://a?b=c' }, switches: [] }],
  [['--sandbox'], { values: {}, switches: ['--sandbox'] }],
  [['--json', '--access', 'full', '--sandbox'], { values: { '--access': 'full' }, switches: ['--json', '--sandbox'] }],
  [['--access', 'full', '--access', 'read-only'], { values: { '--access': 'read-only' }, switches: [] }],
  [['--state-dir', '-x'], { values: { '--state-dir': '-x' }, switches: [] }],
  [['--state-dir=--x'], { values: { '--state-dir': '--x' }, switches: [] }],
  [['--state-dir', '/with blanks/ü'], { values: { '--state-dir': '/with blanks/ü' }, switches: [] }],
])('%j is read', (args, flags) => {
  expect(read(...args)).toEqual(flags);
});

test.each<[readonly string[], string]>([
  [['--acess', 'full'], 'Unknown setting --acess; did you mean --access?'],
  [['--acess=full'], 'Unknown setting --acess; did you mean --access?'],
  [['--Access', 'full'], 'Unknown setting --Access; did you mean --access?'],
  [['--no-sandbox'], 'Unknown setting --no-sandbox; did you mean --sandbox?'],
  [['--completely-different'], 'Unknown setting --completely-different; remove it, or see docs/configuration.md.'],
  [['-u'], 'Unknown setting -u'],
  [['https://a'], 'Unknown setting https://a'],
  [['--sandbox', 'true'], 'Unknown setting true; remove it, or see docs/configuration.md.'],
  [['--'], 'Unknown setting --'],
  [['--', '--url'], 'Unknown setting --'],
  [['--sandbox=true'], "--sandbox is 'true', but must be given without a value."],
  [['--sandbox='], "--sandbox is '', but must be given without a value."],
  [['--url'], '--url is not set; it takes a value.'],
  [['--url='], '--url is not set; it takes a value.'],
  [['--url', ''], '--url is not set; it takes a value.'],
  [['--state-dir', '--sandbox'], '--state-dir is not set; it takes a value.'],
  [['--__proto__', 'x'], 'Unknown setting --__proto__'],
])('%j is refused: %s', (args, message) => {
  expect(() => read(...args)).toThrow(message);
});

test('a refused flag is the configuration’s mistake', () => {
  expect(() => read('--acess')).toThrow(expect.objectContaining({ audience: 'configuration' }));
});
