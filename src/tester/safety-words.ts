import type { Risk } from '../catalogue/define-command.ts';
import type { CommandInfo } from './web/protocol.ts';

type Described = Pick<CommandInfo, 'effects' | 'risks' | 'putBack'>;

const RISK_LABELS: Readonly<Record<Risk, string>> = {
  'grants-power': 'grants power',
  'opens-mail': "opens other people's mail",
  'sends-data-out': 'sends data out',
  'weakens-protection': 'weakens protection',
  'deletes-at-source': 'deletes mail at its source',
  'locks-out': 'locks out the login that is used here',
};

/** Says in two words whether a command has risks; undefined where it never has any. */
export function risksLabel({ certain, possible }: Described['risks']): string | undefined {
  if (certain.length > 0) return 'risk';
  return possible.length > 0 ? 'possible risk' : undefined;
}

/** Returns the sentences about the risks of a command and whether its changes can be put back. */
export function describeSafety({ effects: [, worst], risks: { certain, possible }, putBack }: Described): readonly string[] {
  const words = (risks: readonly Risk[]) => risks.map((risk) => RISK_LABELS[risk]).join(', ');
  if (worst === 'read') return [];
  return [
    ...(certain.length > 0 ? [`Risk, so that it asks for a yes: ${words(certain)}.`] : []),
    ...(possible.length > 0 ? [`Risk that depends on the arguments or on what is there now: ${words(possible)}.`] : []),
    putBack === true ? 'It can be put back, where what was before could be read in full.' : `It cannot be put back: ${putBack ?? ''}`,
  ];
}
