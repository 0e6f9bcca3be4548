import { AgentError, ErrorBody, ErrorCode, errorStatus, isErrorCode } from "@agentscope-runtime/agent-api";
import { expect, test } from "vitest";

const pythonCatalogue: Record<number, string> = {
  400: "INVALID_PARAMETER MISSING_PARAMETER PARAMETER_VALIDATION",
  401: "AUTH_FAILED TOKEN_EXPIRED INVALID_TOKEN",
  403: "PERMISSION_DENIED ACCESS_DENIED",
  404: "RESOURCE_NOT_FOUND USER_NOT_FOUND TASK_NOT_FOUND",
  422: "WORKFLOW_ERROR AGENT_ERROR RESPONSE_ERROR TOOL_EXECUTION_FAILED TOOL_NOT_FOUND MCP_CONNECTION_FAILED MCP_PROTOCOL_ERROR MODEL_EXECUTION_FAILED MODEL_TIMEOUT MODEL_NOT_FOUND MODEL_UNAUTHORIZED_ACCESS AGENT_UNKNOWN_ERROR MODEL_QUOTA_EXCEEDED MODEL_CONTEXT_LENGTH_EXCEEDED",
  429: "RATE_LIMIT_EXCEEDED",
  500: "DATABASE_ERROR REDIS_ERROR EXTERNAL_SERVICE_ERROR CONFIGURATION_ERROR",
  503: "NETWORK_ERROR",
  504: "TIMEOUT",
};

test("every code of the Python runtime has the status it has there", () => {
  for (const [status, codes] of Object.entries(pythonCatalogue)) {
    for (const code of codes.split(" ")) expect(errorStatus, code).toHaveProperty(code, Number(status));
  }
});

test("the codes of runs, sessions and the edge have the statuses clients act on", () => {
  expect(errorStatus).toMatchObject({
    RUN_ID_CONFLICT: 409,
    RUN_ANSWERED: 409,
    SESSION_BUSY: 409,
    IDEMPOTENCY_MISMATCH: 409,
    RUN_EXPIRED: 410,
    PAYLOAD_TOO_LARGE: 413,
    UNSUPPORTED_MEDIA_TYPE: 415,
    INPUT_NOT_CONVERTIBLE: 422,
    QUEUE_FULL: 429,
    SERVICE_UNAVAILABLE: 503,
  });
});

test("every code is spelt in capitals and has the status of an error", () => {
  for (const [code, status] of Object.entries(errorStatus)) {
    expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
  }
  expect(ErrorCode.options).toEqual(Object.keys(errorStatus));
});

test("isErrorCode knows the catalogue and nothing else", () => {
  for (const code of ErrorCode.options) expect(isErrorCode(code)).toBe(true);
  for (const other of ["NOPE", "timeout", "", "toString", "__proto__", 404, null, undefined, ["TIMEOUT"]]) {
    expect(isErrorCode(other)).toBe(false);
  }
});

test("the error of an event bears codes this version does not know", () => {
  expect(AgentError.parse({ code: "NEW", message: "New.", details: {} })).toEqual({
    code: "NEW",
    message: "New.",
  });
  expect(AgentError.safeParse({ code: "TIMEOUT" }).success).toBe(false);
  expect(AgentError.safeParse("boom").success).toBe(false);
});

test("the body of an HTTP error has a code of the catalogue, a message and perhaps details", () => {
  const body = { error: { code: "INVALID_PARAMETER", message: "n is above 5.", details: [{ path: ["n"] }] } };
  expect(ErrorBody.parse(body)).toEqual(body);
  expect(ErrorBody.parse({ error: { code: "TIMEOUT", message: "Too slow." } }).error).not.toHaveProperty(
    "details",
  );
  expect(ErrorBody.safeParse({ error: { code: "NEW", message: "New." } }).success).toBe(false);
  expect(ErrorBody.safeParse({ error: "boom" }).success).toBe(false);
});
