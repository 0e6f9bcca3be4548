import type { ErrorCode } from "@agentscope-runtime/agent-api";
import { errorReply, RuntimeError } from "@agentscope-runtime/core";

/** What OpenAI's errors say beside their message. */
export interface OpenAIError {
  readonly message: string;
  readonly type: string;
  /** The parameter that is to blame, such as `input[0].role`. */
  readonly param: string | null;
  readonly code: string | null;
}

/** An error about one parameter of a request, or about the whole of it. */
export function parameterError(param: string | null, code: string, message: string): RuntimeError {
  return new RuntimeError("INVALID_PARAMETER", message, { details: { param, code } });
}

/** Answers a request with an error in OpenAI's shape. */
export const sendOpenAIError: ReturnType<typeof errorReply> = errorReply((error, reply) => {
  if (!isRetryable(error)) reply.header("x-should-retry", "false");
  return { error: toOpenAIError(error, reply.statusCode) };
});

/** The error as it stands in a body, and in an `error` event. */
export function toOpenAIError(
  { message, code, details, status }: RuntimeError,
  shown: number = status,
): OpenAIError {
  const blame = isBlame(details) ? details : { param: null, code: CODES[code] ?? code.toLowerCase() };
  return { message, type: typeOf(code, shown), param: blame.param, code: blame.code };
}

// The SDK sends a request again after 409, 429 and 5xx. That helps only where it was refused for the moment.
function isRetryable({ status, code, retryAfter }: RuntimeError): boolean {
  if (retryAfter !== undefined || code === "SESSION_BUSY") return true;
  return status < 500 && status !== 409;
}

function typeOf(code: ErrorCode, status: number): string {
  if (status === 429) return "too_many_requests";
  return status >= 500 || MADE_BY_AGENT.test(code) ? "server_error" : "invalid_request_error";
}

/** What went wrong in the agent, its tools or its model is not the request's fault. */
const MADE_BY_AGENT = /^(AGENT|MODEL|TOOL|MCP|WORKFLOW|RESPONSE)_/;

const CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  AUTH_FAILED: "invalid_api_key",
  TOKEN_EXPIRED: "invalid_api_key",
  INVALID_TOKEN: "invalid_api_key",
  QUEUE_FULL: "rate_limit_exceeded",
  MODEL_QUOTA_EXCEEDED: "rate_limit_exceeded",
  MODEL_CONTEXT_LENGTH_EXCEEDED: "context_length_exceeded",
  INVALID_PARAMETER: "invalid_value",
  INTERNAL_ERROR: "server_error",
};

function isBlame(details: unknown): details is Pick<OpenAIError, "param" | "code"> {
  return typeof details === "object" && details !== null && "param" in details && "code" in details;
}
