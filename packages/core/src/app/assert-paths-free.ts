import { RuntimeError } from "../errors/runtime-error.ts";
import type { AppDefinition } from "./app-definition.ts";

/** Throws `CONFIGURATION_ERROR` where two routes of an app would be the same. */
export function assertPathsFree({ name, query, endpoints, tasks }: RoutedParts): void {
  const taken = new Set([...PROBES, ...(query === undefined ? [] : AGENT_ROUTES)]);
  const own = [
    ...endpoints.map(({ method, path }) => `${method} ${path}`),
    ...tasks.flatMap(({ path }) => [
      `POST ${path}`,
      `GET ${path}`,
      `GET ${path}/:id`,
      `POST ${path}/:id/cancel`,
    ]),
  ];
  for (const route of own) {
    const shape = route.replace(/:\w+/g, ":id");
    if (taken.has(shape)) {
      throw new RuntimeError("CONFIGURATION_ERROR", `${name} has ${route} twice: choose another path.`);
    }
    taken.add(shape);
  }
}

interface RoutedParts extends Pick<AppDefinition, "query" | "endpoints" | "tasks"> {
  readonly name: string;
}

const PROBES = ["GET /", "GET /health", "GET /liveness", "GET /readiness", "GET /openapi.json"];

const AGENT_ROUTES = [
  "POST /process",
  "POST /process/task",
  "GET /process/task/:id",
  "GET /runs",
  "GET /runs/:id",
  "GET /runs/:id/events",
  "POST /runs/:id/cancel",
  "GET /sessions",
  "POST /sessions",
  "GET /sessions/:id",
  "GET /sessions/:id/messages",
  "PATCH /sessions/:id",
  "DELETE /sessions/:id",
];
