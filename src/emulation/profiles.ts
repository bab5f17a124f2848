import * as z from 'zod';
import { CommandFailure, type World, type WorldProfile } from './world.ts';

/** The server's own JSON has these as values or as text. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((word) => word === 'true')]);

const seconds = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).pipe(z.int().min(1));

const execution = z.looseObject({
  automatic: flag,
  automaticPauseBetweenExecutions: seconds.optional(),
  automaticMaintenanceWindows: z.string().nullish(),
});

const profileProperties = z.looseObject({
  id: z.never('must be left out').optional(),
  version: z.never('must be left out').optional(),
  name: z.string().min(1),
  owner: z.string().min(1),
  type: z.enum(['I', 'E']),
  connector: z.string().min(1),
  details: z.record(z.string(), z.unknown()),
  serverSideExecution: execution.optional(),
});

/** Throws CommandFailure unless the properties make a profile of an existing user. */
export function readProperties(world: World, properties: Record<string, unknown>): z.output<typeof profileProperties> {
  const read = profileProperties.safeParse(properties);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw new CommandFailure(`The profile property '${issue?.path.join('.')}' is invalid: ${issue?.message}.`);
  }
  world.user(read.data.owner);
  return structuredClone(read.data);
}

/** Throws CommandFailure when an automatic profile has no pause. */
export function makeExecution(given: z.output<typeof execution> | undefined): WorldProfile['serverSideExecution'] {
  if (given?.automatic && given.automaticPauseBetweenExecutions === undefined) {
    throw new CommandFailure('automaticPauseBetweenExecutions must be specified for automatic execution.');
  }
  return {
    automatic: given?.automatic ?? false,
    automaticPauseBetweenExecutions: given?.automaticPauseBetweenExecutions ?? 0,
    automaticMaintenanceWindows: given?.automaticMaintenanceWindows ?? null,
  };
}
