/** Characters kept of the beginning of an error, and of its end, which says what to do next. */
const HEAD = 3000;
const TAIL = 500;

/** Returns a text that is not too long for a reader: a long one is a value of the call repeated, and is cut in the middle. */
export function cutMiddle(text: string): string {
  const cut = text.length - HEAD - TAIL;
  return cut <= 0 ? text : `${text.slice(0, HEAD)}… [${cut} characters left out] …${text.slice(-TAIL)}`;
}
