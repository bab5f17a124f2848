import { stringify } from 'yaml';

/** Returns a value as YAML 1.2. */
export function renderYaml(value: unknown): string {
  return stringify(value ?? null, { lineWidth: 0 });
}
