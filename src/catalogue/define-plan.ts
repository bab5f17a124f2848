import type { InputShape, ParsedArguments } from './define-command.ts';
import type { InsightReader } from './define-insight.ts';

/** One call of a plan. */
export interface PlanStep {
  /** The act, as an imperative such as `Rename the login amira to amira.okoye`. */
  readonly does: string;
  /** The wire name of the command. */
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Words of the cautions that say what another step of the plan takes care of; they are not shown. */
  readonly settled?: readonly string[];
}

/** What a plan came to. */
export interface Planned {
  /** Names the object, such as `Offboard amira (Amira Okoye)`. */
  readonly headline: string;
  /** In the order in which they run. */
  readonly steps: readonly PlanStep[];
  /** What the plan leaves as it is, and what a person has to do elsewhere: one sentence each. */
  readonly notes: readonly string[];
  /** What was read and the steps rest on. The plan is stale when it reads differently. */
  readonly basis: unknown;
}

/** Why there is nothing to plan, such as a user who does not exist. */
export interface Impossible {
  readonly impossible: string;
}

interface PlanFields<Input extends InputShape> {
  /** The name of the tool, in snake_case. */
  readonly name: string;
  readonly title: string;
  /** What a model reads to choose the tool: at most 160 characters, the deciding words first. */
  readonly summary: string;
  readonly input: Input;
  /** The wire names of the commands that it may read with; each of them can only read. */
  readonly reads: readonly string[];
  /** Calls that work against the sandbox's seeded world. */
  readonly examples: readonly [Readonly<Record<string, unknown>>, ...Readonly<Record<string, unknown>>[]];
  prepare(args: ParsedArguments<Input>, reader: InsightReader): Promise<Planned | Impossible>;
}

/** A declaration whose argument types are no longer known, as registries and loops handle it. */
export type Plan = PlanFields<InputShape>;

/** Declares several changes that belong together as one plan, which is shown before it runs. */
export function definePlan<Input extends InputShape>(declaration: PlanFields<Input>): PlanFields<Input> {
  return declaration;
}
