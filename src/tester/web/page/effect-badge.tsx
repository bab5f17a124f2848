import { risksLabel } from '../../safety-words.ts';
import type { CommandInfo } from '../protocol.ts';

/** Says what a command does to the archive, by colour and by word, and whether it is a risk. */
export function EffectBadge({ command: { effects, risks } }: { readonly command: Pick<CommandInfo, 'effects' | 'risks'> }) {
  const [mildest, worst] = effects;
  const risk = risksLabel(risks);
  return (
    <>
      <span class={`badge ${worst}`}>{mildest === worst ? worst : `${mildest} or ${worst}`}</span>
      {risk !== undefined && <span class="badge risk">{risk}</span>}
    </>
  );
}
