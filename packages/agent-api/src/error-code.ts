import { z } from "zod";

/** Every error code of the API and the HTTP status it is answered with outside a stream. */
export const errorStatus = {
  INVALID_PARAMETER: 400,
  MISSING_PARAMETER: 400,
  PARAMETER_VALIDATION: 400,
  AUTH_FAILED: 401,
  TOKEN_EXPIRED: 401,
  INVALID_TOKEN: 401,
  PERMISSION_DENIED: 403,
  ACCESS_DENIED: 403,
  RESOURCE_NOT_FOUND: 404,
  USER_NOT_FOUND: 404,
  TASK_NOT_FOUND: 404,
  RUN_ID_CONFLICT: 409,
  RUN_ANSWERED: 409,
  SESSION_BUSY: 409,
  SESSION_EXISTS: 409,
  IDEMPOTENCY_MISMATCH: 409,
  FENCED: 409,
  RUN_EXPIRED: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INPUT_NOT_CONVERTIBLE: 422,
  WORKFLOW_ERROR: 422,
  AGENT_ERROR: 422,
  RESPONSE_ERROR: 422,
  TOOL_EXECUTION_FAILED: 422,
  TOOL_NOT_FOUND: 422,
  MCP_CONNECTION_FAILED: 422,
  MCP_PROTOCOL_ERROR: 422,
  MODEL_EXECUTION_FAILED: 422,
  MODEL_TIMEOUT: 422,
  MODEL_NOT_FOUND: 422,
  MODEL_UNAUTHORIZED_ACCESS: 422,
  MODEL_QUOTA_EXCEEDED: 422,
  MODEL_CONTEXT_LENGTH_EXCEEDED: 422,
  AGENT_UNKNOWN_ERROR: 422,
  RATE_LIMIT_EXCEEDED: 429,
  QUEUE_FULL: 429,
  RUN_CANCELED: 499,
  INTERNAL_ERROR: 500,
  DATABASE_ERROR: 500,
  REDIS_ERROR: 500,
  EXTERNAL_SERVICE_ERROR: 500,
  CONFIGURATION_ERROR: 500,
  SERVICE_NOT_STARTED: 500,
  UNSUPPORTED: 501,
  SERVICE_UNAVAILABLE: 503,
  NETWORK_ERROR: 503,
  RUN_INTERRUPTED: 503,
  TIMEOUT: 504,
} as const;

/** A code of the closed catalogue; each is explained in `docs/errors.md`. */
export type ErrorCode = keyof typeof errorStatus;
export const ErrorCode = z.enum(Object.keys(errorStatus) as [ErrorCode, ...ErrorCode[]]);

/** True for a code of the catalogue. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === "string" && Object.hasOwn(errorStatus, value);
}

/** The `error` of an event: a code of the catalogue (clients should bear others) and a sentence for people. */
export const AgentError = z.object({ code: z.string(), message: z.string() });
export type AgentError = z.infer<typeof AgentError>;

/** The body of every HTTP answer that is an error. */
export const ErrorBody = z.object({
  error: z.object({ code: ErrorCode, message: z.string(), details: z.unknown().optional() }),
});
export type ErrorBody = z.infer<typeof ErrorBody>;
