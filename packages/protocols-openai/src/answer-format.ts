import { RuntimeError } from "@agentscope-runtime/core";
import { parameterError } from "./openai-error.ts";

/** Throws `INVALID_PARAMETER` about that parameter where it asks for an answer of a kind that there is not. */
export function assertFormatType(format: { readonly type: string } | null | undefined, param: string): void {
  if (format == null || TYPES.has(format.type)) return;
  const message = `${param}: '${format.type.slice(0, 64)}' is none of ${[...TYPES].join(", ")}.`;
  throw parameterError(param, "invalid_value", message);
}

/** Starts a run; where no answer could be held to the schema of the request, the error names the parameter that has it. */
export async function withSchemaAt<Result>(param: string, start: () => Promise<Result>): Promise<Result> {
  try {
    return await start();
  } catch (error) {
    const blamed = RuntimeError.is(error) && error.code === "INVALID_PARAMETER";
    if (!blamed || !error.message.startsWith(SCHEMA)) throw error;
    throw parameterError(param, "invalid_value", param + error.message.slice(SCHEMA.length));
  }
}

const TYPES: ReadonlySet<string> = new Set(["text", "json_object", "json_schema"]);

/** How core calls it. */
const SCHEMA = "text.format.schema";
