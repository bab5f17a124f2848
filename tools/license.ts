import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import { guess, record } from '../src/catalogue/outputs.ts';

export const getLicenseInformation = defineCommand({
  name: 'GetLicenseInformation',
  title: 'Show the licence',
  summary: 'Shows the licence: holder, number of users, end of maintenance.',
  group: 'license',
  editions: ['server'],
  since: 'between 2018 and 24.x (2024)',
  effect: 'read',
  input: {},
  output: guess(record({ userCount: z.number().optional() })),
  examples: [{}],
  // The built-in administrator needs no licence.
  emulate: (world) => ({
    ...structuredClone(world.state.license),
    userCount: world.state.users.filter(({ userName }) => userName !== 'admin').length,
  }),
});
