import { readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second on every machine. */
const MS_PER_TICK = 10;

/** Returns the processor time of a process so far, all its threads, in milliseconds; undefined where there is no /proc. */
export function readProcessorTime(pid: number): number | undefined {
  const stat = readProc(pid, 'stat');
  // The second field is the program's name in brackets and may hold blanks.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields === undefined ? undefined : (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK;
}

/** Returns the resident memory of a process in MiB; undefined where there is no /proc. */
export function readMemory(pid: number): number | undefined {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, 'status') ?? '')?.[1];
  return kib === undefined ? undefined : Number(kib) / 1024;
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}
