/** For how long, and how much, a durable store keeps. Times are in milliseconds. */
export interface RunRetentionOptions {
  /** How long an ended run keeps its events. Defaults to 30 days. */
  readonly finishedRunTtl?: number | undefined;
  /** How many ended runs keep their events; those that ended first give theirs up. Defaults to no bound. */
  readonly maxFinishedRuns?: number | undefined;
  /** How long a run whose events were given up is remembered as expired. Defaults to 30 days. */
  readonly expiredRunTtl?: number | undefined;
  /** How long an idempotency key is remembered. Defaults to one day. */
  readonly idempotencyTtl?: number | undefined;
  /**
   * How long after its end a run is compacted, after which readers get each stretch of text as one event. Defaults to
   * one hour.
   */
  readonly compactAfter?: number | undefined;
}

export type RunRetention = { readonly [Key in keyof RunRetentionOptions]-?: number };

/** The options with their defaults. */
export function runRetention(options: RunRetentionOptions = {}): RunRetention {
  return {
    finishedRunTtl: options.finishedRunTtl ?? 30 * DAY,
    maxFinishedRuns: options.maxFinishedRuns ?? Number.POSITIVE_INFINITY,
    expiredRunTtl: options.expiredRunTtl ?? 30 * DAY,
    idempotencyTtl: options.idempotencyTtl ?? DAY,
    compactAfter: options.compactAfter ?? 3_600_000,
  };
}

const DAY = 86_400_000;
