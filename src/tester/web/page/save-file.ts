/** Has the browser save a text as a file. */
export function saveFile(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold of the content once it has begun.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Returns the name of a file that was saved now, such as `GetUsers 2026-11-29 13.05.csv`. */
export function nameFile(subject: string, extension: string): string {
  const pad = (part: number) => String(part).padStart(2, '0');
  const now = new Date();
  const day = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  return `${subject.replaceAll(/[^\p{L}\p{N} _-]/gu, '_')} ${day} ${pad(now.getHours())}.${pad(now.getMinutes())}.${extension}`;
}
