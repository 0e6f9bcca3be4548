/** How one app is deployed; what is left out is the manager's to say. */
export interface LocalDeployOptions {
  /** The module that exports the app: a file URL, or a path from the working directory. Importing it starts nothing. */
  readonly entry?: URL | string | undefined;
  /** The name of the app among the exports of `entry`. */
  readonly export?: string | undefined;
  /**
   * `in-process`: the app is served by this process and ends with it; the default where there is no `entry`.
   * `detached`: a process of its own imports `entry`, and outlives this one; the default where there is one.
   */
  readonly mode?: "in-process" | "detached" | undefined;
  readonly host?: string | undefined;
  /** 0 takes any that is free. */
  readonly port?: number | undefined;
  /** Variables for a detached process, on top of this process's own; `undefined` takes one away. Kept nowhere. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Gives up a start that goes on, and ends what was started of it. */
  readonly signal?: AbortSignal | undefined;
}
