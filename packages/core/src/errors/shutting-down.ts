import { RuntimeError } from "./runtime-error.ts";

/** The answer to whoever wants something new of a server that closes. */
export function shuttingDown(): RuntimeError {
  return new RuntimeError("SERVICE_UNAVAILABLE", "The server is shutting down.", { retryAfter: 5 });
}
