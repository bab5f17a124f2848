/** A number with commas between its thousands, or a size with a decimal point, as this program writes it in a sentence: a noun or a unit follows. */
const COUNTED = /(?<=^|[\s(])(\d{1,3}(?:,\d{3})*(?:\.\d+)?)(?= (?:[a-z]|[KMGTP]B\b))/g;

/** Returns a sentence of this program with its numbers as readers of a locale write them. What is quoted in it stays as it is. */
export function localiseNumbers(text: string, locale: string | undefined): string {
  const write = (number: string) => Number(number.replaceAll(',', '')).toLocaleString(locale, { maximumFractionDigits: 20 });
  return mapUnquoted(text, (part) => part.replaceAll(COUNTED, write));
}

/** Returns a text with what is not in quotation marks mapped. */
export function mapUnquoted(text: string, map: (part: string) => string): string {
  return text
    .split(/("[^"\n]*")/)
    .map((part, index) => (index % 2 === 1 ? part : map(part)))
    .join('');
}

/** Returns whether the numbers in a question stay as they are: what has to be typed is shown as it is typed. */
export function isTypedAsShown(confirmationText: string | undefined): boolean {
  return /\d[.,]\d/.test(confirmationText ?? '');
}
