/** A heartbeat of this age, in milliseconds, is missed (the default): the lease is taken from a holder that is gone. */
export const LEASE_MS = 15_000;

/**
 * A heartbeat of this age, in milliseconds, costs the lease even where the holder seems to live: it may hang, or another process may have
 * got its id. Too early means two pollers for a moment, of which the fenced one can still store an end; too late means a task that stands
 * still. The first is worse, so this is several times LEASE_MS.
 */
export const FENCE_MS = 60_000;

export interface LeaseTiming {
  /** LEASE_MS by default. */
  readonly leaseMs?: number;
  /** FENCE_MS by default. */
  readonly fenceMs?: number;
}
