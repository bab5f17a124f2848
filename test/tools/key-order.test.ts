import { expect, test } from 'vitest';
import { commands } from '../helpers/server-catalogue.ts';

/** What a command is, what it does and why that needs a yes, what it takes, how it is put back, what is asked, what it returns, how it is emulated. */
const ORDER = (
  'name title summary group editions connectionTest showsClock since doubtful effect effectRange effectOf risks certainRisks risk decidesFrom protects ' +
  'longRunning idempotent input constants keepAbsent mergesInto before inverse irreversible nothingLost question cautions evidence output unaskedFields examples ' +
  'emulate emulate2012'
).split(' ');

test.each(commands.map((command) => [command.name, Object.keys(command)] as const))(
  '%s is declared in the order of all declarations',
  (_, keys) => {
    expect(keys).toEqual(ORDER.filter((key) => keys.includes(key)));
  },
);
