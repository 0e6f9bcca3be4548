import type { SessionPolicy } from "../contracts/run-store.ts";

/** What bounds the runs of an app. Times are in milliseconds. */
export interface RunOptions {
  /** What happens to a run whose session has another one that has not ended. Defaults to `enqueue`. */
  readonly sessionPolicy?: SessionPolicy | undefined;
  /**
   * What becomes of a run whose process has died: it ends as `failed` with `RUN_INTERRUPTED`, or its handler is started
   * again, which needs one that bears that. A run that had only waited goes on in either case. Defaults to `fail`.
   */
  readonly recover?: "fail" | "rerun" | undefined;
  /** How often a handler is started for one run at the most, where it is started again. Defaults to 3. */
  readonly maxAttempts?: number | undefined;
  /** How many runs of a session may wait. Defaults to 16. */
  readonly maxQueuedRuns?: number | undefined;
  /** How many runs may be at work or wait in this process; further ones are refused. Defaults to 20,000. */
  readonly maxActiveRuns?: number | undefined;
  /** How long a canceled handler may go on adding to its run. Defaults to 800. */
  readonly cancelGrace?: number | undefined;
  /** How long the session waits for the handler of an ended run to return. Defaults to 30,000. */
  readonly settleTimeout?: number | undefined;
  /** How many events a run may have before it ends `incomplete` with the reason `log_limit`. Defaults to 100,000. */
  readonly maxEvents?: number | undefined;
  /** How many characters of JSON they may have altogether. Defaults to 64 Mi. */
  readonly maxLogLength?: number | undefined;
}

export type RunLimits = { readonly [Key in keyof Required<RunOptions>]: NonNullable<RunOptions[Key]> };

/** The options with their defaults. */
export function runLimits(options: RunOptions = {}): RunLimits {
  return {
    sessionPolicy: options.sessionPolicy ?? "enqueue",
    recover: options.recover ?? "fail",
    maxAttempts: options.maxAttempts ?? 3,
    maxQueuedRuns: options.maxQueuedRuns ?? 16,
    maxActiveRuns: options.maxActiveRuns ?? 20_000,
    cancelGrace: options.cancelGrace ?? 800,
    settleTimeout: options.settleTimeout ?? 30_000,
    maxEvents: options.maxEvents ?? 100_000,
    maxLogLength: options.maxLogLength ?? 2 ** 26,
  };
}
