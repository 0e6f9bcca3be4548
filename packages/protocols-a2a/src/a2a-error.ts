import {
  A2AError,
  ContentTypeNotSupportedError,
  RequestMalformedError,
  TaskNotFoundError,
  toRestErrorBody,
  UnsupportedOperationError,
} from "@a2a-js/sdk/errors";
import type { ErrorCode } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "@agentscope-runtime/core";

/** An error that A2A has no name for: internal in JSON-RPC, with its own status in HTTP and gRPC. */
export class RuntimeA2AError extends A2AError {
  // What the SDK asks for before it takes a status from an error.
  readonly transport = "grpc";
  override readonly reason: string;
  /** The status in gRPC. */
  readonly status: number;
  readonly runtimeError: RuntimeError;

  constructor(error: RuntimeError) {
    super({ message: error.message, cause: error });
    this.runtimeError = error;
    this.reason = error.code;
    this.status = GRPC_STATUSES[error.status] ?? GRPC_INTERNAL;
  }
}

/** The error as A2A has it; what is unknown shows nothing of itself. */
export function toA2AError(error: unknown): A2AError {
  if (error instanceof A2AError) return error;
  const known = RuntimeError.from(error);
  const { message } = known;
  const same = SAME[known.code];
  return same === undefined ? new RuntimeA2AError(known) : new same({ message, cause: error });
}

/** The error as HTTP+JSON has it. */
export function toRestError(error: A2AError, httpStatus: number): object {
  const body = toRestErrorBody(error, httpStatus);
  const status = error instanceof RuntimeA2AError ? STATUS_NAMES[error.status] : undefined;
  return status === undefined ? body : { error: { ...body.error, status } };
}

/** What an error of the runtime says beyond A2A, such as when to come back. */
export function runtimeErrorOf(error: unknown): RuntimeError | undefined {
  return error instanceof RuntimeA2AError ? error.runtimeError : undefined;
}

const SAME: Readonly<
  Partial<Record<ErrorCode, new (options: { message: string; cause: unknown }) => A2AError>>
> = {
  RESOURCE_NOT_FOUND: TaskNotFoundError,
  RUN_EXPIRED: TaskNotFoundError,
  INVALID_PARAMETER: RequestMalformedError,
  MISSING_PARAMETER: RequestMalformedError,
  INPUT_NOT_CONVERTIBLE: RequestMalformedError,
  UNSUPPORTED_MEDIA_TYPE: ContentTypeNotSupportedError,
  UNSUPPORTED: UnsupportedOperationError,
};

const GRPC_INTERNAL = 13;

/** By the status in HTTP. */
const GRPC_STATUSES: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  409: 10,
  413: 8,
  429: 8,
  501: 12,
  503: 14,
  504: 4,
};

/** By the status in gRPC. */
const STATUS_NAMES: Readonly<Record<number, string>> = {
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  10: "ABORTED",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};
