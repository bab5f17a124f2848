import type { HealthState, HealthView as View } from '../../../catalogue/insight-view.ts';
import { localiseSentence } from '../../../tester/web/page/locale.ts';

const WORDS: Readonly<Record<HealthState, string>> = {
  broken: 'Broken',
  attention: 'To be looked at',
  unknown: 'Not known',
  ok: 'In order',
};
const SIGNS: Readonly<Record<HealthState, string>> = { broken: '✕', attention: '!', unknown: '?', ok: '✓' };

/** Returns how many checks ended how, the worst first. */
export function summariseHealth({ checks }: View): string {
  const counts = (Object.keys(WORDS) as HealthState[]).map(
    (state) => [state, checks.filter((check) => check.state === state).length] as const,
  );
  return counts.flatMap(([state, count]) => (count === 0 ? [] : [`${count} ${WORDS[state].toLowerCase()}`])).join(', ');
}

/** Every check, the worst first. */
export function HealthView({ view: { checks }, timeZone }: { readonly view: View; readonly timeZone: string }) {
  return (
    <ul class="checks">
      {checks.map(({ area, state, reasons }) => (
        <li key={area} class={`check ${state}`}>
          <h3>
            <span class="sign" aria-hidden="true">
              {SIGNS[state]}
            </span>{' '}
            {area[0]?.toUpperCase()}
            {area.slice(1)} <span class="state">{WORDS[state]}</span>
          </h3>
          <ul class="reasons">
            {reasons.map((reason) => (
              <li key={reason}>{localiseSentence(reason, timeZone)}</li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
