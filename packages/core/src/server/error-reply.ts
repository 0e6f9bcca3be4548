import { type ErrorBody, type ErrorCode, isErrorCode } from "@agentscope-runtime/agent-api";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../contracts/logger.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { readAway } from "./read-away.ts";

/** Answers a request with an error: with the body that `toBody` makes of it, which may set headers as well. */
export function errorReply(
  toBody: (error: RuntimeError, reply: FastifyReply) => object,
): (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply {
  return (error, request, reply) => {
    const known = toRuntimeError(error);
    const status = foreignStatus(error) ?? known.status;
    logRefusal(error, known, status, request.log);
    if (known.retryAfter !== undefined) reply.header("retry-after", String(known.retryAfter));
    reply.code(status);
    const body = toBody(known, reply);
    if (status !== 413) return reply.send(body);
    readAway(request.raw).then(() => reply.send(body));
    return reply;
  };
}

// A refusal needs no stack; that there are many while the server is busy or closes shall alarm nobody.
function logRefusal(
  error: unknown,
  { code, message, cause }: RuntimeError,
  status: number,
  log: Logger,
): void {
  if (status === 500 || (status > 500 && cause !== undefined)) {
    log.error({ err: error }, "the request failed");
  } else {
    const level = status > 500 ? "info" : "debug";
    log[level]({ code, reason: message }, "the request was refused");
  }
}

/** Answers a request with an error, in the one shape that all errors of the Agent API have. */
export const sendError: ReturnType<typeof errorReply> = errorReply((error) => errorBody(error));

export function errorBody({ code, message, details }: RuntimeError): ErrorBody {
  return { error: { code, message, ...(details === undefined ? {} : { details }) } };
}

function toRuntimeError(error: unknown): RuntimeError {
  if (RuntimeError.is(error)) return error;
  const { code, statusCode = 500, message } = error as FastifyError;
  const known = BY_FASTIFY_CODE[code];
  if (known !== undefined) return new RuntimeError(known.code, known.message, { cause: error });
  if (statusCode >= 500 || statusCode < 400) return RuntimeError.from(error);
  return new RuntimeError(BY_STATUS[statusCode] ?? "INVALID_PARAMETER", message, { cause: error });
}

/** The status that a plugin chose for a refusal of its own. */
function foreignStatus(error: unknown): number | undefined {
  if (RuntimeError.is(error)) return undefined;
  const { code, statusCode } = error as FastifyError;
  const foreign = statusCode !== undefined && statusCode >= 400 && statusCode < 500 && !isErrorCode(code);
  return foreign ? statusCode : undefined;
}

const BY_FASTIFY_CODE: Readonly<Record<string, { code: ErrorCode; message: string }>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: "UNSUPPORTED_MEDIA_TYPE",
    message: "The body must be JSON: send it with content-type: application/json.",
  },
  FST_ERR_CTP_BODY_TOO_LARGE: {
    code: "PAYLOAD_TOO_LARGE",
    message: "The body is larger than this server takes.",
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { code: "INVALID_PARAMETER", message: "The body is empty: it must be JSON." },
  FST_ERR_CTP_INVALID_JSON_BODY: { code: "INVALID_PARAMETER", message: "The body is not valid JSON." },
};

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "AUTH_FAILED",
  403: "ACCESS_DENIED",
  404: "RESOURCE_NOT_FOUND",
  413: "PAYLOAD_TOO_LARGE",
  415: "UNSUPPORTED_MEDIA_TYPE",
  429: "RATE_LIMIT_EXCEEDED",
};
