import type { z } from "zod";
import type { Logger } from "../contracts/logger.ts";
import type { Caller } from "../runs/runs.ts";
import type { Route, RouteMethod } from "./route.ts";

export interface EndpointOptions<Body extends z.ZodType, Query extends z.ZodType> {
  /** Defaults to `POST`. */
  readonly method?: RouteMethod | undefined;
  readonly summary?: string | undefined;
  /** What the body must be. Without it the handler gets the body as it came. */
  readonly body?: Body | undefined;
  /** What the query must be; its values come as strings. */
  readonly query?: Query | undefined;
}

/** What the handler of a custom endpoint gets. */
export interface EndpointContext<Body, Query, Resources> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  readonly resources: Resources;
  /** Aborts when the client has gone. */
  readonly signal: AbortSignal;
  readonly log: Logger;
}

/**
 * Answers with one event per item of an iterable, such as a generator or a `Set`; with JSON where it returns anything
 * else, texts and arrays included. What is thrown before the first item is answered with its status; later it is the
 * stream's last event.
 */
export type EndpointHandler<Body, Query, Resources> = (
  context: EndpointContext<Body, Query, Resources>,
) => unknown;

/** An endpoint as its app keeps it. */
export interface EndpointDefinition extends Omit<Route, "handle"> {
  readonly handle: EndpointHandler<unknown, unknown, unknown>;
}

/** The definition of an endpoint; its handler is only ever called with what its schemas let through. */
export function toEndpoint<Body extends z.ZodType, Query extends z.ZodType, Resources>(
  path: string,
  { method = "POST", summary = `${method} ${path}`, body, query }: EndpointOptions<Body, Query>,
  handler: EndpointHandler<z.output<Body>, z.output<Query>, Resources>,
): EndpointDefinition {
  const handle = handler as EndpointHandler<unknown, unknown, unknown>;
  return { method, path, summary, body, query, streams: true, handle };
}
