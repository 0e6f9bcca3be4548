import { ErrorBody } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { isOptional, type Route } from "./route.ts";

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
  const { summary, body, headers = {}, open, success = 200, statuses = {}, answerHeaders } = route;
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(headers)];
  const content = toContent(route);
  const answers = Object.entries({ [success]: "Success", ...statuses }).map(([status, when]) => [
    status,
    {
      description: when,
      ...(answerHeaders === undefined ? {} : { headers: toHeaders(answerHeaders) }),
      ...(status === "204" ? {} : { content }),
    },
  ]);
  const refusals = refusalsOf(route, secured).map((status) => [
    status,
    refusal(REFUSALS[status] ?? "An error"),
  ]);
  return {
    operationId: operationId(route),
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === undefined
      ? {}
      : { requestBody: { required: !isOptional(body), content: json(toSchema(body, "input")) } }),
    ...(secured && open !== true ? { security: [{ credentials: [] }] } : {}),
    responses: {
      ...Object.fromEntries([...answers, ...refusals]),
      default: refusal("An error"),
    },
  };
}

/** Such as `get_runs_id_events`. */
function operationId({ method, path }: Route): string {
  const words = path.match(/\w+/g) ?? ["root"];
  return [method.toLowerCase(), ...words].join("_");
}

function refusal(description: string): Json {
  return { description, content: json({ $ref: "#/components/schemas/Error" }) };
}

function refusalsOf(route: Route, secured: boolean): readonly number[] {
  const { params, query, body, path, open, method, refusals = [] } = route;
  const takesBody = body !== undefined || (method !== "GET" && method !== "DELETE");
  const statuses = [
    ...(params !== undefined || query !== undefined || takesBody ? [400] : []),
    ...(secured && open !== true ? [401, 403] : []),
    ...(params !== undefined && /:\w/.test(path) && method !== "DELETE" ? [404] : []),
    ...(takesBody ? [413, 415] : []),
    ...refusals,
  ];
  return [...new Set(statuses)].sort((left, right) => left - right);
}

const REFUSALS: Readonly<Record<number, string>> = {
  400: "The request does not fit.",
  401: "Credentials are missing or wrong.",
  403: "It is somebody else's.",
  404: "There is none, or it is not the caller's.",
  409: "It clashes with what there is, or with what goes on.",
  410: "Its events are no longer kept.",
  413: "The body is too large.",
  415: "The body is not JSON.",
  422: "The input can't be converted for the agent.",
  429: "Too much waits already; `Retry-After` says when to try again.",
  503: "The server is busy or shuts down; `Retry-After` says when to try again.",
};

function toHeaders(headers: Readonly<Record<string, string>>): Json {
  return Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }]),
  );
}

function toContent({ response, streams }: Route): Json {
  const isStreamOnly = response === undefined && streams === true;
  return {
    ...(isStreamOnly ? {} : json(response ? toSchema(response, "output") : {})),
    ...(streams === true ? { "text/event-stream": { schema: { type: "string" } } } : {}),
  };
}

function pathParameters({ path, params }: Route): Json[] {
  const { properties } = propertiesOf(params);
  return [...path.matchAll(/:(\w+)/g)].map(([, name = ""]) => ({
    name,
    in: "path",
    required: true,
    schema: properties[name] ?? { type: "string" },
  }));
}

function queryParameters({ query }: Route): Json[] {
  const { properties, required } = propertiesOf(query);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema,
  }));
}

function propertiesOf(schema: z.ZodType | undefined): {
  readonly properties: Readonly<Record<string, Json>>;
  readonly required: readonly string[];
} {
  const described = schema === undefined ? {} : toSchema(schema, "input");
  return { properties: {}, required: [], ...described };
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
