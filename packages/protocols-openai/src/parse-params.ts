import { UP_TO_FIRST_ISSUE } from "@agentscope-runtime/core";
import type { z } from "zod";
import { parameterError } from "./openai-error.ts";

/** What the schema makes of a body or a query; throws `INVALID_PARAMETER` that says which parameter is wrong. */
export function parseParams<Params>(schema: z.ZodType<Params>, value: unknown): Params {
  const result = schema.safeParse(value, UP_TO_FIRST_ISSUE);
  if (result.success) return result.data;
  const { path = [], message = "does not fit" } = result.error.issues[0] ?? {};
  const code = valueAt(value, path) === undefined ? "missing_required_parameter" : "invalid_value";
  if (path.length === 0) throw parameterError(null, code, "The body has to be an object.");
  throw parameterError(toParam(path), code, `${toParam(path)}: ${message}`);
}

/** The value at a path of own keys, or `undefined`. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) =>
      typeof at === "object" && at !== null && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
    value,
  );
}

/** A path as OpenAI writes it: `input[0].content`. */
function toParam(path: readonly PropertyKey[]): string {
  const steps = path.map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`));
  return steps.join("").replace(/^\./, "");
}
