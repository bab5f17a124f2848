import { nextRandom } from '../../emulation/world.ts';

/** Draws from a generator whose state the world keeps, so that the same seed gives the same draws. */
export class Dice {
  readonly #generator: { random: number };

  constructor(generator: { random: number }) {
    this.#generator = generator;
  }

  /** Returns a number in [0, 1). */
  roll(): number {
    return nextRandom(this.#generator);
  }

  /** Returns a whole number in [from, below). */
  between(from: number, below: number): number {
    return from + Math.floor(this.roll() * (below - from));
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  /** Returns one of the values; throws RangeError when there is none. */
  pick<T>(values: readonly T[]): T {
    const value = values[this.between(0, values.length)];
    if (value === undefined) throw new RangeError('nothing to pick from');
    return value;
  }

  /** Returns the values in a random order, in a new array. */
  shuffle<T>(values: readonly T[]): T[] {
    return values
      .map((value) => ({ value, order: this.roll() }))
      .toSorted((a, b) => a.order - b.order)
      .map(({ value }) => value);
  }
}

/** Returns a 32-bit number made from a text (FNV-1a). */
export function hashText(text: string): number {
  let hash = 0x81_1c_9d_c5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01_00_01_93);
  return hash | 0;
}
