import type { FastifyInstance, FastifyRequest } from "fastify";
import type { AgentAppOptions } from "../app/agent-app-options.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { assertJsonBounds } from "./json-bounds.ts";

/** The part of an app's options that says what a body may be. */
export type BodyOptions = Pick<AgentAppOptions, "bodyLimit" | "maxNesting" | "maxValues">;

/** How many bytes a body may have where the app says nothing else. */
export const BODY_LIMIT: number = 10 * 2 ** 20;

/**
 * Has the routes of a scope take JSON within the app's bounds, whatever the server around it takes. Text is refused,
 * as a page of another origin may send that without asking.
 */
export function acceptJson(scope: FastifyInstance, { bodyLimit = BODY_LIMIT, ...bounds }: BodyOptions): void {
  const parse = scope.getDefaultJsonParser("error", "error");
  scope.removeContentTypeParser(["application/json", "text/plain"]);
  scope.addContentTypeParser<string>(
    "application/json",
    { parseAs: "string", bodyLimit },
    (request, body, done) => {
      // Some clients name the type of a body that they don't send.
      const { bodyOptional } = request.routeOptions.config as { bodyOptional?: boolean };
      if (body === "" && bodyOptional === true) return done(null, undefined);
      assertBounds(body, bounds);
      return parse(request, body, (error, value) =>
        done(error !== null && isJson(body) ? poisoned() : error, value),
      );
    },
  );
}

/** A parser of texts that are no bodies, which takes and refuses what a body's would. */
export function jsonParser(scope: FastifyInstance, bounds: BodyOptions): (text: string) => unknown {
  const parse = scope.getDefaultJsonParser("error", "error");
  return (text) => {
    assertBounds(text, bounds);
    let parsed: unknown;
    // It calls back at once, and heeds no request.
    parse(undefined as unknown as FastifyRequest, text, (error, value) => {
      if (error !== null) throw isJson(text) ? poisoned() : notJson();
      parsed = value;
    });
    return parsed;
  };
}

function assertBounds(text: string, { maxNesting = 100, maxValues = 200_000 }: BodyOptions): void {
  assertJsonBounds(text, { maxNesting, maxValues });
}

function notJson(): RuntimeError {
  return new RuntimeError("INVALID_PARAMETER", "The message is not valid JSON.");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

// The parser tells no difference between these and what is no JSON.
function poisoned(): RuntimeError {
  return new RuntimeError(
    "INVALID_PARAMETER",
    "The body has a key that is not taken: __proto__, or prototype within constructor.",
  );
}
