import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, readRowsWith, findRow, readString } from '../src/base/rows.ts';
import { formatSize } from '../src/base/sizes.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { guess, describeList, nothing } from '../src/catalogue/outputs.ts';
import { findMessage, formatId } from '../src/emulation/messages.ts';
import { CommandFailure, isOpen } from '../src/emulation/world.ts';

const group = 'messages';
const editions = ['server'] as const;

export const getMessages = defineCommand({
  name: 'GetMessages',
  title: 'List messages',
  summary: 'Lists the messages of one folder, not of those below it, with the ids that delete_message takes.',
  group,
  editions,
  effect: 'read',
  input: { folder: f.folderPath },
  output: guess(
    describeList(
      {
        id: z.string().optional(),
        subject: z.string().nullish(),
        from: z.string().nullish(),
        to: z.string().nullish(),
        date: z.string().nullish(),
        size: z.int().nullish(),
      },
      {
        nouns: ['message', 'messages'],
        bytes: ['size'],
        elsewhere: 'Folders below this one were not looked at; get_child_folders lists them.',
      },
    ),
  ),
  examples: [{ folder: 'johndoe/Inbox' }],
  emulate: (world, { folder }) => {
    world.requireFolder(folder);
    return world
      .visibleMessages()
      .filter((message) => message.folder === folder)
      .map((message) => {
        const { subject, from, to, date, size } = message;
        return { id: formatId(message), subject, from, to, date, size };
      });
  },
});

export const deleteMessage = defineCommand({
  name: 'DeleteMessage',
  title: 'Delete a message',
  summary: "Deletes one message for good; the reason goes to the server's audit log. Legal hold and retention policies can forbid it.",
  group,
  editions,
  effect: 'destructive',
  idempotent: true,
  input: {
    id: z
      .string()
      .regex(/^\d+:\d+$/, 'must be a store id, a colon and a message number')
      .describe('Message id from get_messages, such as 4:1.'),
    folder: f.unsent(f.folderPath.describe('The folder that get_messages shows it in.')),
    reason: f.text().describe('Why; kept in the audit log.'),
  },
  irreversible: 'No call brings a deleted message back, short of recovering its whole archive store.',
  question: {
    reads: {
      message: {
        read: 'GetMessages',
        args: ({ folder }) => ({ folder }),
        // Null is a message that is not there; undefined one that could not be looked for.
        pick: (messages, { id }) =>
          pickFields(findRow(messages, 'id', id), ['id', 'subject', 'from', 'to', 'date', 'size']) ??
          (readRowsWith(messages, 'id') ? null : undefined),
      },
      store: {
        read: 'GetStores',
        args: () => ({ includeSize: false }),
        pick: (stores, { id }) => pickFields(findRow(stores, 'id', Number.parseInt(id, 10)), ['id', 'name', 'requestedState']),
      },
      compliance: { read: 'GetComplianceConfiguration', pick: (value) => value },
    },
    verb: () => 'Delete',
    object: ({ id }, { message }) => {
      const subject = readString(readRow(message).subject);
      if (subject !== undefined) return `message ${id} "${subject}"`;
      return readRow(message).subject === undefined ? `message ${id}` : `message ${id} without a subject`;
    },
    label: ({ id }) => `Delete message ${id}`,
    refuse: ({ id, folder }, { message }) =>
      message === null ? `get_messages shows no message ${id} in the folder ${folder}; check both there` : undefined,
    consequence: (_args, { store, compliance }) =>
      joinSentences(
        'The message is deleted for everyone; no call brings it back, short of recovering its whole archive store.',
        readRow(store).requestedState === 'writeProtected' && 'The archive store is write-protected, which blocks this.',
        readRow(compliance).legalHoldEnabled === true && 'Legal hold is on, which blocks this.',
      ),
    facts: ({ id, folder }, { message, store }) => {
      const { from, to, date, size } = readRow(message);
      const name = readString(readRow(store).name);
      const parts = [
        ['from', readString(from)],
        ['to', readString(to)],
        ['date', readString(date)],
        ['size', formatSize(size)],
        ['folder', folder],
        ['archive store', name === undefined ? undefined : `${Number.parseInt(id, 10)} "${name}"`],
      ];
      return parts.flatMap(([label, value]) => (value === undefined ? [] : [`${label} ${value}`])).join('; ');
    },
    typed: ({ id }) => id,
  },
  output: guess(nothing),
  examples: [{ id: '4:1', folder: 'johndoe/Inbox', reason: 'Private message, deleted at the request of the works council' }],
  emulate: (world, { id, reason }) => {
    const message = findMessage(world, id);
    const store = world.store(message.storeId);
    if (!isOpen(store)) throw new CommandFailure(`Archive store ${store.id} is not available.`);
    if (store.requestedState === 'writeProtected') throw new CommandFailure(`Archive store ${store.id} is write-protected.`);
    if (world.state.compliance.legalHoldEnabled) throw new CommandFailure('Messages cannot be deleted while legal hold is enabled.');
    message.deleted = true;
    // The reason is logged, also where the compliance settings do not select deletions.
    world.state.auditLog.push({ time: world.now(), activity: 'MessageDelete', text: `Message ${id} was deleted: ${reason}` });
    return null;
  },
});
