import { expect, test } from 'vitest';
import { createBackup } from '../../tools/backup.ts';

test('a backup says why it is not put back', () => {
  expect(createBackup.irreversible).toBe('No command deletes a backup; its files stay in the directory.');
});
