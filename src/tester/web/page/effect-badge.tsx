import type { Effect } from '../../../catalogue/define-command.ts';

/** Says what a command does to the archive, by colour and by word. */
export function EffectBadge({ effects: [mildest, worst] }: { readonly effects: readonly [mildest: Effect, worst: Effect] }) {
  return <span class={`badge ${worst}`}>{mildest === worst ? worst : `${mildest} or ${worst}`}</span>;
}
