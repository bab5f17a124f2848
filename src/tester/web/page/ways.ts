import type { FieldInfo } from '../protocol.ts';
import type { Drafts } from './drafts.ts';

/** A choice that several fields of a form make together, such as when a job runs. */
export interface WayChoice {
  readonly title: string;
  readonly ways: readonly string[];
  /** The way that was chosen, or that the fields with a content belong to. */
  readonly way: string | undefined;
}

/** Returns the choice that fields of a form make together; undefined where there is none. */
export function findWays(fields: readonly FieldInfo[], drafts: Drafts, chosen: string | undefined): WayChoice | undefined {
  const choices = fields.flatMap(({ name, choiceOf }) => (choiceOf ? [{ name, ...choiceOf }] : []));
  const [first] = choices;
  if (!first) return undefined;
  const ways = [...new Set(choices.flatMap((choice) => Object.keys(choice.ways)))];
  const filled = choices.filter(({ name }) => (drafts[name]?.text ?? '') !== '');
  const fitting = ways.find((way) => filled.every((choice) => way in choice.ways));
  return { title: first.title, ways, way: chosen ?? (filled.length > 0 ? fitting : undefined) };
}

/** Returns the fields that count with the way that was chosen: the others keep what is written in them, and are not sent. */
export function applyWay(fields: readonly FieldInfo[], choice: WayChoice | undefined): readonly FieldInfo[] {
  if (!choice) return fields;
  return fields.flatMap((field) => {
    const { choiceOf } = field;
    if (!choiceOf) return [field];
    const isNeeded = choice.way === undefined ? undefined : choiceOf.ways[choice.way];
    return isNeeded === undefined ? [] : [{ ...field, isRequired: isNeeded }];
  });
}
