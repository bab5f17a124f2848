import { toVisible } from '../../../base/escape-hidden.ts';
import type { CurrentConfiguration } from '../protocol.ts';
import { compareConfiguration } from './compare-configuration.ts';

interface Props {
  readonly current: CurrentConfiguration;
  /** The configuration in the form, as it is written. */
  readonly written: string;
}

/** What the configuration in the form changes of the one that is set. */
export function ConfigurationView({ current, written }: Props) {
  if ('problem' in current) {
    return <p class="notice">What is set now could not be read, so that what changes is not known: {toVisible(current.problem)}</p>;
  }
  const { value, notShown } = current;
  const differences = compareConfiguration(value, written);
  return (
    <section class="notice" aria-labelledby="differences-heading">
      <h3 id="differences-heading">What changes</h3>
      {!differences && <p>This is shown once it is a JSON object.</p>}
      {differences?.length === 0 && <p>Nothing: the form holds what is set.</p>}
      <ul>
        {differences?.map(({ path, before, after }) => (
          <li key={path}>
            <code>{toVisible(path)}</code>: <del>{toVisible(before)}</del> → <ins>{toVisible(after)}</ins>
          </li>
        ))}
      </ul>
      {notShown.length > 0 && (
        <p>
          MailStore does not show {notShown.map(toVisible).join(', ')}: state {notShown.length === 1 ? 'it' : 'them'} to keep or to change
          it.
        </p>
      )}
    </section>
  );
}
