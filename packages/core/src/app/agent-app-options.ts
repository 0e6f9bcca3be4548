import type { ProtocolAdapter } from "../contracts/protocol-adapter.ts";
import type { RunDispatcher } from "../contracts/run-dispatcher.ts";
import type { RunStore } from "../contracts/run-store.ts";
import type { TaskQueue } from "../contracts/task-queue.ts";
import type { RunOptions } from "../runs/run-limits.ts";
import type { Caller } from "../runs/runs.ts";

/** The part of a request that tells who asks. */
export interface AuthenticationRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly ip: string;
}

/** Resolves to who asks, or to `undefined` for nobody we know, which is answered with 401. */
export type Authenticate = (
  request: AuthenticationRequest,
) => Required<Caller> | undefined | Promise<Required<Caller> | undefined>;

export interface StreamOptions {
  /** After how many milliseconds of silence a stream gets a comment, so that proxies keep it open. Defaults to 15,000. */
  readonly heartbeat?: number | undefined;
  /** How long a reader may take nothing before it is cut off, in milliseconds; it can resume. Defaults to 60,000. */
  readonly stallTimeout?: number | undefined;
  /** The reconnection time sent to clients, in milliseconds. Defaults to 3000. */
  readonly retry?: number | undefined;
  /** How long a run with `on_disconnect: "cancel"` waits for its client to come back, in milliseconds. Defaults to 5000. */
  readonly disconnectGrace?: number | undefined;
  /** How many streams, and answers that wait for the end of a run, may be open at once. Defaults to 20,000. */
  readonly maxOpenStreams?: number | undefined;
}

export interface LogOptions {
  /** Defaults to `info`. */
  readonly level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent" | undefined;
  /** Gets each line of JSON, secrets taken out and texts cut at 16,384 characters. Defaults to the standard output. */
  readonly write?: ((line: string) => void) | undefined;
}

export interface AgentAppOptions {
  /** Names the agent: to people, in storage keys and in every protocol. */
  readonly name: string;
  readonly description?: string | undefined;
  /**
   * Tells who asks, once per request, on every route but the probes. Without it the server is one trust domain and
   * `user_id` is a label that any client may choose.
   */
  readonly authenticate?: Authenticate | undefined;
  /** Keeps the runs. Started before `init`, stopped after `shutdown`. Defaults to an `InMemoryRunStore`. */
  readonly runStore?: RunStore | undefined;
  /**
   * Hands runs to the processes that call `work`; those that only listen execute neither runs nor tasks then. Needs a
   * `runStore` that they share. Without it each process executes what it accepts.
   */
  readonly dispatcher?: RunDispatcher | undefined;
  /**
   * Keeps the tasks, those of hosted apps included. Lives as long as the run store. Defaults to an `InMemoryTaskQueue`
   * where there are tasks, else to none.
   */
  readonly taskQueue?: TaskQueue | undefined;
  /** What is spoken besides the Agent API. */
  readonly protocols?: readonly ProtocolAdapter[] | undefined;
  readonly runs?: RunOptions | undefined;
  readonly streams?: StreamOptions | undefined;
  /** How many bytes a request body may have, hosted apps and protocols included. Defaults to 10 MiB. */
  readonly bodyLimit?: number | undefined;
  /** How deep its arrays and objects may nest. Defaults to 100. */
  readonly maxNesting?: number | undefined;
  /** How many values it may hold, arrays and objects included. Defaults to 200,000. */
  readonly maxValues?: number | undefined;
  /** How long running runs and tasks may go on when the server shuts down, in milliseconds. Defaults to 10,000. */
  readonly drainGrace?: number | undefined;
  readonly log?: LogOptions | undefined;
}
