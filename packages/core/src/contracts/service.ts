/** Something with a life of its own: started before use, stopped after. */
export interface Service {
  /** Resolves once the service can be used. Starting a started service does nothing. */
  start(): Promise<void>;

  /** Gives up what the service holds. Stopping a stopped service does nothing. */
  stop(): Promise<void>;

  /** Resolves to true while calls can be expected to succeed; false or a rejection means they can't. */
  health(): Promise<boolean>;
}

/** True for a value that has the methods of a {@link Service}. */
export function isService(value: unknown): value is Service {
  return (
    typeof value === "object" &&
    value !== null &&
    (["start", "stop", "health"] as const).every((method) => typeof Reflect.get(value, method) === "function")
  );
}
