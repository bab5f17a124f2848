/** A word, a run of capitals, up to three digits, a run of other characters, or the end of a line. */
const PIECE = /[A-Z]?[a-z]+|[A-Z]+|\d{1,3}|[^\sA-Za-z\d]+|\n/g;

/** Characters that one token holds at most on average. */
const PER_TOKEN = { letters: 7, signs: 4, others: 2 } as const;

/**
 * Estimates how many tokens a model reads in a text. The estimate is rather high, since a budget depends on it: for its size, no tokenizer is part
 * of the program. Counting ends above `limit`.
 */
export function estimateTokens(text: string, limit = Infinity): number {
  let tokens = 0;
  for (const [piece] of text.matchAll(PIECE)) {
    const code = piece.charCodeAt(0) | 0x20;
    const kind = code >= 97 && code <= 122 ? 'letters' : code > 127 ? 'others' : 'signs';
    tokens += Math.ceil(piece.length / PER_TOKEN[kind]);
    if (tokens > limit) break;
  }
  return tokens;
}
