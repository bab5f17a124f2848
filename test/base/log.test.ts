import { expect, onTestFinished, test, vi } from 'vitest';
import { createLog, LOG_LEVELS, type LogLevel } from '../../src/base/log.ts';

test.each<[LogLevel, readonly string[]]>([
  ['error', ['error']],
  ['warn', ['error', 'warn']],
  ['info', ['error', 'warn', 'info']],
  ['debug', ['error', 'warn', 'info', 'debug']],
])('at the level %s the log writes %j', (level, written) => {
  const lines: string[] = [];
  const log = createLog(level, (line) => void lines.push(line));
  for (const name of LOG_LEVELS) log[name]('hello');
  expect(lines).toEqual(written.map((name) => `mailstore-mcp ${name}: hello\n`));
});

test('a message of several lines is logged as one', () => {
  const lines: string[] = [];
  createLog('info', (line) => void lines.push(line)).info('first\r\nsecond\n\nthird');
  expect(lines).toEqual(['mailstore-mcp info: first second third\n']);
});

test('the log goes to stderr and never to stdout', () => {
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  onTestFinished(() => void vi.restoreAllMocks());
  createLog('debug').debug('hello');
  const written = [stderr.mock.calls.map(([text]) => text), stdout.mock.calls];
  vi.restoreAllMocks();
  expect(written).toEqual([['mailstore-mcp debug: hello\n'], []]);
});
