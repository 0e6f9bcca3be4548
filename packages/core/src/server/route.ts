import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { RuntimeError } from "../errors/runtime-error.ts";
import { parseInput } from "./parse-input.ts";

export type RouteMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A route as data: it is registered and described from the same source. */
export interface Route {
  readonly method: RouteMethod;
  /** In Fastify's notation, such as `/runs/:id`. */
  readonly path: string;
  readonly summary: string;
  /** What the parameters of the path must be. */
  readonly params?: z.ZodType | undefined;
  readonly query?: z.ZodType | undefined;
  readonly body?: z.ZodType | undefined;
  readonly response?: z.ZodType | undefined;
  /** The request headers that it heeds, by name, and what for. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The response headers of a success, by name, and what they say. */
  readonly answerHeaders?: Readonly<Record<string, string>> | undefined;
  /** The statuses of refusals that don't follow from the rest of this. */
  readonly refusals?: readonly number[] | undefined;
  /** The status of a success. Defaults to 200. */
  readonly success?: number | undefined;
  /** The statuses it answers with besides that, and when; 204 comes without a body. */
  readonly statuses?: Readonly<Record<number, string>> | undefined;
  /** True where the answer may be an event stream. */
  readonly streams?: boolean | undefined;
  /** True for the probes, which need no credentials. */
  readonly open?: boolean | undefined;
  readonly handle: (input: RouteInput) => unknown;
}

/** A request whose path, query and body fit the route's schemas. */
export interface RouteInput<Body = unknown, Query = unknown, Params = unknown> {
  readonly body: Body;
  readonly query: Query;
  readonly params: Params;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

interface RouteOf<Body extends z.ZodType, Query extends z.ZodType, Params extends z.ZodType>
  extends Omit<Route, "handle" | "params" | "query" | "body"> {
  readonly params?: Params | undefined;
  readonly query?: Query | undefined;
  readonly body?: Body | undefined;
  readonly handle: (input: RouteInput<z.output<Body>, z.output<Query>, z.output<Params>>) => unknown;
}

/** A route whose handler's types follow from its schemas. */
export function route<
  Body extends z.ZodType = z.ZodUnknown,
  Query extends z.ZodType = z.ZodUnknown,
  Params extends z.ZodType = z.ZodUnknown,
>(definition: RouteOf<Body, Query, Params>): Route {
  return definition as Route;
}

/** Adds the route to a server. */
export function addRoute(
  fastify: FastifyInstance,
  { method, path, params, query, body, open, success, handle }: Route,
): void {
  fastify.route({
    method,
    url: path,
    config: { openToAll: open === true, bodyOptional: body === undefined || isOptional(body) },
    handler: (request, reply) =>
      handle({
        body: body === undefined ? request.body : parse(body, request.body, "body", isSmall(request)),
        params: params === undefined ? request.params : parse(params, request.params, "path", true),
        query: query === undefined ? request.query : parse(query, request.query, "query", true),
        request,
        reply: success === undefined ? reply : reply.code(success),
      }),
  });
}

function parse(schema: z.ZodType, value: unknown, where: "body" | "path" | "query", whole: boolean): unknown {
  if (where === "body" && value === undefined && !isOptional(schema)) {
    throw new RuntimeError("INVALID_PARAMETER", "The body is empty: it must be JSON.");
  }
  return parseInput(schema, value, { where, whole });
}

/** True where there need be no body. */
export function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

function isSmall({ headers }: FastifyRequest): boolean {
  return Number(headers["content-length"]) <= SMALL_BODY;
}

/** Up to how many bytes a body is gone through to its end in search of issues. */
const SMALL_BODY = 16_384;
