import { runInNewContext } from "node:vm";
import type { AgentRequest, Message } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import { RuntimeError } from "../errors/runtime-error.ts";

type Asking = Pick<AgentRequest, "text">;

/** Throws `INVALID_PARAMETER` where no answer could be held to the format that the request asks for. */
export function assertFormat({ text }: Asking): void {
  const format = text?.format;
  if (format?.type !== "json_schema") return;
  try {
    inBounds(() => toSchema(format.schema));
  } catch (error) {
    const message = `text.format.schema can't be used: ${messageOf(error)}`;
    throw new RuntimeError("INVALID_PARAMETER", message, { cause: error });
  }
}

/**
 * What is wrong with the answer beside the format that the request asks for: the last text that is said, unless a tool
 * of the client has to be called first, or the answer is refused. `output` is the run's, each message as JSON.
 */
export function formatError({ text }: Asking, output: readonly string[]): RuntimeError | undefined {
  const format = text?.format;
  if (format?.type !== "json_object" && format?.type !== "json_schema") return undefined;
  const answer = answerIn(output);
  if (answer === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(answer);
    const schema = () => (format.type === "json_object" ? JsonObject : toSchema(format.schema));
    if (format.strict !== false) inBounds(() => schema().parse(value, FIRST_ISSUE));
    return undefined;
  } catch (error) {
    const message = `The answer is not what text.format asks for: ${messageOf(error)}`;
    return new RuntimeError("RESPONSE_ERROR", message, { cause: error });
  }
}

function answerIn(output: readonly string[]): string | undefined {
  let after: Message | undefined;
  for (const json of output.toReversed()) {
    const message = JSON.parse(json) as Message;
    if (message.type !== "message") {
      after ??= message;
      continue;
    }
    const slots = message.content ?? [];
    if (isCall(after) || slots.some(({ type }) => type === "refusal")) return undefined;
    return slots.map((slot) => (slot.type === "text" ? (slot.text ?? "") : "")).join("");
  }
  return isCall(after) ? undefined : "";
}

/** True for a call that has no output behind it, which is the client's to make. */
function isCall(message: Message | undefined): boolean {
  return message?.type.endsWith("_call") ?? false;
}

function toSchema(schema: unknown): z.ZodType {
  if (typeof schema !== "object" || schema === null) throw new Error("It has to be a JSON schema.");
  return z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
}

/** Schemas come from clients: a pattern that backtracks, or references that multiply, must not hold up all others. */
function inBounds<Result>(check: () => Result): Result {
  return runInNewContext("check()", { check }, { timeout: MAX_CHECK }) as Result;
}

function messageOf(error: unknown): string {
  if (error instanceof z.ZodError) {
    const [issue] = error.issues;
    return `${issue?.path.map((key) => `${String(key)}: `).join("") ?? ""}${issue?.message}`;
  }
  if (error instanceof RangeError || isTimeout(error)) return "it takes too long to check.";
  return error instanceof Error ? error.message : "it does not fit.";
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

const JsonObject = z.record(z.string(), z.unknown());

const FIRST_ISSUE: z.core.ParseContext<z.core.$ZodIssue> & { abortEarly: true } = { abortEarly: true };

/** How many milliseconds of the loop a check may take: those of the clock, so what is sound has to pass on a busy machine. */
const MAX_CHECK = 1000;
