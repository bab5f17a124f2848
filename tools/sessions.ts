import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import { guess, describeList } from '../src/catalogue/outputs.ts';

export const getActiveSessions = defineCommand({
  name: 'GetActiveSessions',
  title: 'List sessions',
  summary: 'Lists who is logged on right now, with client and address.',
  group: 'sessions',
  editions: ['server'],
  effect: 'read',
  input: {},
  output: guess(
    describeList(
      {
        id: z.unknown().optional(),
        userName: z.string().nullish(),
        client: z.string().nullish(),
        address: z.string().nullish(),
        loginTime: z.string().nullish(),
      },
      { nouns: ['session', 'sessions'] },
    ),
  ),
  examples: [{}],
  emulate: (world) => world.state.sessions.map((session) => ({ ...session })),
});
