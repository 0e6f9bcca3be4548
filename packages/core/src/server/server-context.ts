import type { Runs } from "../runs/runs.ts";
import type { BodyOptions } from "./accept-json.ts";
import type { Disconnects } from "./disconnects.ts";
import type { EventStreams } from "./event-stream.ts";

/** What the routes of one server share. */
export interface ServerContext {
  /** The engine's runs, once it is started. */
  readonly runs: () => Runs;
  readonly streams: EventStreams;
  readonly disconnects: Disconnects;
  /** What the bodies may be that its routes take, those of hosted apps and of protocols included. */
  readonly bodies: BodyOptions;
  /** Names this server among others that may have had its port. */
  readonly instance: string | undefined;
}
