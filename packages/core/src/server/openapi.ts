import { ErrorBody } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { Route } from "./route.ts";

export interface OpenApiInfo {
  readonly title: string;
  readonly description?: string | undefined;
  readonly version: string;
  /** What stands before each path. */
  readonly prefix: string;
  readonly secured: boolean;
}

type Json = Record<string, unknown>;

/** Describes routes in the words of OpenAPI 3.1. */
export function toOpenApi(
  routes: readonly Route[],
  { title, description, version, prefix, secured }: OpenApiInfo,
): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = `${prefix}${route.path}`.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: toOperation(route, secured) };
  }
  return {
    openapi: "3.1.0",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    paths,
    components: {
      schemas: { Error: toSchema(ErrorBody, "output") },
      ...(secured ? { securitySchemes: { credentials: CREDENTIALS } } : {}),
    },
  };
}

function toOperation(route: Route, secured: boolean): Json {
  const { summary, body, query, headers = {}, open, path, success = 200, statuses = {} } = route;
  const parameters = [...pathParameters(path), ...queryParameters(query), ...headerParameters(headers)];
  const content = toContent(route);
  const answers = Object.entries({ [success]: "Success", ...statuses }).map(([status, when]) => [
    status,
    { description: when, ...(status === "204" ? {} : { content }) },
  ]);
  return {
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !isOptional(body), content: json(toSchema(body, "input")) } }),
    ...(secured && open !== true ? { security: [{ credentials: [] }] } : {}),
    responses: {
      ...Object.fromEntries(answers),
      default: { description: "An error", content: json({ $ref: "#/components/schemas/Error" }) },
    },
  };
}

function toContent({ response, streams }: Route): Json {
  const isStreamOnly = response === undefined && streams === true;
  return {
    ...(isStreamOnly ? {} : json(response ? toSchema(response, "output") : {})),
    ...(streams === true ? { "text/event-stream": { schema: { type: "string" } } } : {}),
  };
}

function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

function pathParameters(path: string): Json[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
}

function queryParameters(query: z.ZodType | undefined): Json[] {
  if (query === undefined) return [];
  const { properties = {}, required = [] } = toSchema(query, "input") as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function headerParameters(headers: Readonly<Record<string, string>>): Json[] {
  return Object.entries(headers).map(([name, description]) => ({
    name,
    in: "header",
    required: false,
    description,
    schema: { type: "string" },
  }));
}

function toSchema(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: "any" });
  return rest;
}

function json(schema: Json): Json {
  return { "application/json": { schema } };
}

// A function says who may pass, so nobody knows what it looks at. Of all there is to say this header is likeliest true.
const CREDENTIALS: Json = {
  type: "apiKey",
  in: "header",
  name: "Authorization",
  description:
    "What this server's authenticate takes, such as `Bearer <token>`; it may look at other headers as well.",
};
