import { nextStart } from './schedule.ts';
import { requireTimeZone } from './time-zones.ts';
import { CommandFailure, type World, type WorldJob, type WorldSchedule } from './world.ts';

/** A schedule as a caller states it. */
interface StatedSchedule {
  readonly timeZoneId: string;
  readonly date?: string | undefined;
  readonly interval?: number | undefined;
  readonly time?: string | undefined;
  readonly dayOfWeek?: WorldSchedule['dayOfWeek'] | undefined;
  readonly dayOfMonth?: string | undefined;
}

/** Throws CommandFailure unless exactly one form of schedule is given: once, interval, or a time with the days that it is for. */
export function makeSchedule({ timeZoneId, date, interval, time, dayOfWeek, dayOfMonth }: StatedSchedule): WorldSchedule {
  requireTimeZone(timeZoneId);
  const forms = [date, interval, time].filter((form) => form !== undefined).length;
  if (forms !== 1) throw new CommandFailure(`Exactly one of date, interval and time must be specified; ${forms} were.`);
  if (time === undefined && (dayOfWeek !== undefined || dayOfMonth !== undefined)) {
    throw new CommandFailure('dayOfWeek and dayOfMonth require time.');
  }
  return {
    timeZoneId,
    ...(date !== undefined && { date }),
    ...(interval !== undefined && { interval }),
    ...(time !== undefined && { time: time.length === 5 ? `${time}:00` : time }),
    ...(dayOfWeek !== undefined && { dayOfWeek }),
    ...(dayOfMonth !== undefined && { dayOfMonth }),
  };
}

/** Sets when a job starts next; a disabled one never does. */
export function planNextStart(world: World, job: WorldJob): void {
  job.nextStartDateTimeUtc = job.enabled ? nextStart(job.schedule, world.engine.now()) : null;
}
