import { type Message, omitOptionalNulls, type RunAgentInput } from "@ag-ui/core";
import { RunAgentInputSchema } from "@ag-ui/core/schemas";
import { parseInput, RuntimeError } from "@agentscope-runtime/core";

/**
 * Reads the body of a request; throws `INVALID_PARAMETER` that says what is wrong. Messages and parts of a kind that this
 * version does not know are passed over, as AG-UI has it.
 */
export function parseRunInput(body: unknown): RunAgentInput {
  if (!isObject(body)) throw invalid("The body has to be a RunAgentInput: an object.");
  const given = onlyKnown(omitOptionalNulls(body, "RunAgentInput"));
  const input = parseInput(RunAgentInputSchema, given) as RunAgentInput;
  assertId("threadId", input.threadId);
  assertId("runId", input.runId);
  return input;
}

/** Reads the body of a request of which nothing counts but its thread. */
export function parseThreadId(body: unknown): string {
  const threadId = isObject(body) ? body.threadId : undefined;
  assertId("threadId", threadId);
  return threadId;
}

function assertId(key: string, id: unknown): asserts id is string {
  if (typeof id === "string" && id.length > 0 && id.length <= 1024) return;
  throw invalid(`${key}: has to be a text of 1 to 1024 characters`);
}

export function invalid(message: string, details?: unknown): RuntimeError {
  return new RuntimeError("INVALID_PARAMETER", message, details === undefined ? {} : { details });
}

function onlyKnown(input: object): object {
  const { messages } = input as { messages?: unknown };
  if (!Array.isArray(messages)) return input;
  const known = messages.filter((message) => isNot(message, "role", ROLES));
  return {
    ...input,
    messages: known.map((message) =>
      isObject(message) && Array.isArray(message.content)
        ? { ...message, content: message.content.filter((part) => isNot(part, "type", PARTS)) }
        : message,
    ),
  };
}

/** True unless it is of a kind that is none of those. */
function isNot(value: unknown, key: string, kinds: ReadonlySet<unknown>): boolean {
  const kind = isObject(value) ? value[key] : undefined;
  return typeof kind !== "string" || kinds.has(kind);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const ROLES: ReadonlySet<unknown> = new Set<Message["role"]>([
  "developer",
  "system",
  "assistant",
  "user",
  "tool",
  "activity",
  "reasoning",
]);
const PARTS: ReadonlySet<unknown> = new Set(["text", "image", "audio", "video", "document"]);
