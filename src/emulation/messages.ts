import { CommandFailure, type World, type WorldMessage } from './world.ts';

export function formatId({ storeId, number }: WorldMessage): string {
  return `${storeId}:${number}`;
}

export function findMessage(world: World, id: string): WorldMessage {
  const message = world.state.messages.find((candidate) => !candidate.deleted && formatId(candidate) === id);
  if (!message) throw new CommandFailure(`Message '${id}' does not exist.`);
  return message;
}

/** Throws CommandFailure while legal hold is on. */
export function requireNoLegalHold(world: World): void {
  if (world.state.compliance.legalHoldEnabled) throw new CommandFailure('Messages cannot be deleted while legal hold is enabled.');
}
