import { describe, expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { deleteEmptyFolders, moveFolder } from '../../tools/folders.ts';

describe('moving a folder', () => {
  const { before, inverse } = moveFolder;

  test.each([
    ['amira', 'former.amira', { maxLevels: 1 }],
    ['amira/Inbox', 'amira/Old', { folder: 'amira', maxLevels: 1 }],
    ['amira/Inbox/2025', 'amira/Archive/Inbox/2025', { folder: 'amira', maxLevels: 3 }],
    ['amira/Drafts', 'johndoe/Drafts of Amira', { maxLevels: 2 }],
    ['amira/Inbox/2025', 'support', { maxLevels: 3 }],
    ['support', 'amira/Support', { maxLevels: 2 }],
  ])('moving a folder from %s to %s reads no more of the tree than both names need', (fromFolder, toFolder, args) => {
    expect(before?.args?.({ fromFolder, toFolder })).toEqual(args);
  });

  test('goes back by the opposite move where each look shows the folder under one name', () => {
    const args = { fromFolder: 'amira/Drafts', toFolder: 'johndoe/Drafts' };
    const tree = (amira: readonly string[], johndoe: readonly string[]) =>
      Object.entries({ amira, johndoe }).map(([name, children]) => ({
        name,
        fullPath: name,
        childFolders: children.map((child) => ({ name: child, fullPath: `${name}/${child}` })),
      }));
    const look = (amira: readonly string[], johndoe: readonly string[]) => before?.pick(tree(amira, johndoe), args);
    const [unmoved, moved] = [look(['Inbox', 'Drafts'], ['Inbox']), look(['Inbox'], ['Inbox', 'Drafts'])];
    expect([unmoved, moved, look(['Inbox'], []), look(['Drafts'], ['Drafts'])]).toEqual([
      { folders: ['amira/Drafts'] },
      { folders: ['johndoe/Drafts'] },
      undefined,
      { folders: ['amira/Drafts', 'johndoe/Drafts'] },
    ]);
    const back = { command: 'MoveFolder', args: { fromFolder: 'johndoe/Drafts', toFolder: 'amira/Drafts' } };
    expect([inverse?.(args, unmoved, moved), inverse?.(args, unmoved, null), inverse?.(args, undefined, moved)]).toEqual([
      back,
      undefined,
      undefined,
    ]);
    // It could not be read after the move.
    expect(inverse?.(args, unmoved, undefined)).toEqual(back);
  });

  test('finds a folder by its name where the server shows no paths', () => {
    const args = { fromFolder: 'amira/Inbox/2025', toFolder: 'amira/Inbox/Old' };
    expect([
      before?.pick([{ name: '2025' }, { name: 'Sent' }], args),
      before?.pick([{ name: 'Old', fullPath: 'amira/Inbox/Old' }], args),
      before?.pick([{ name: 'Old', fullPath: 'amira/Outbox/Old' }], args),
    ]).toEqual([{ folders: ['amira/Inbox/2025'] }, { folders: ['amira/Inbox/Old'] }, undefined]);
  });
});

test('before empty folders are deleted a person reads among how many they are', () => {
  const { question, before, irreversible } = deleteEmptyFolders;
  const looked = before?.pick([{ name: 'Inbox', childFolders: [{ name: '2025' }] }, { name: 'Sent' }], { folder: 'amira' });
  const asked = (args: { folder?: string }, found: Readonly<Record<string, unknown>>) => [
    question?.object(args, found),
    toShownText(question?.consequence(args, found) ?? ''),
  ];
  expect([
    asked({ folder: 'amira' }, { before: looked }),
    asked({}, { before: looked }),
    asked({ folder: 'amira' }, {}),
    irreversible,
  ]).toEqual([
    [
      'the empty folders in amira',
      'All folders without mail below amira are deleted, of 3 folders, and amira itself if it has none. ' +
        'No message is deleted, but no command creates these folders again.',
    ],
    [
      'the empty folders of the entire archive',
      'All folders without mail are deleted, in the archives of all users; there are 3 folders in all. ' +
        'No message is deleted, but no command creates these folders again.',
    ],
    [
      'the empty folders in amira',
      'All folders without mail below amira are deleted, and amira itself if it has none. ' +
        'No message is deleted, but no command creates these folders again.',
    ],
    'No command creates a folder.',
  ]);
});
