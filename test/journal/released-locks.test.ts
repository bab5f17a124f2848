import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describeEngines('a file that was locked, on', (engine) => {
  test('is not kept locked by a read that was refused meanwhile', () => {
    const path = join(temporaryFolder(), 'journal.sqlite');
    const open = () => untilTestEnds(openSqlite(path, { engines: [engine] }));
    const [reader, writer] = [open(), open()];
    writer.exec('CREATE TABLE counts (number INTEGER)');
    const read = () => reader.snapshot(() => reader.all('SELECT number FROM counts'));
    expect(read()).toEqual([]);
    writer.exec('BEGIN EXCLUSIVE');
    expect(read).toThrow('locked');
    expect(() => reader.all('SELECT number FROM counts')).toThrow('locked');
    expect(() => reader.run('INSERT INTO counts VALUES (1)')).toThrow('locked');
    writer.exec('COMMIT');
    expect(read()).toEqual([]);
    writer.transaction(() => writer.run('INSERT INTO counts VALUES (2)'));
    expect(read()).toEqual([{ number: 2 }]);
    writer.transaction(() => writer.run('INSERT INTO counts VALUES (3)'));
    expect(reader.all('SELECT number FROM counts')).toEqual([{ number: 2 }, { number: 3 }]);
  });
});
