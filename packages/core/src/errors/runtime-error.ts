import { type AgentError, type ErrorCode, errorStatus, isErrorCode } from "@agentscope-runtime/agent-api";

export interface RuntimeErrorOptions {
  /** More for the client to work with, such as the issues of a failed validation. */
  readonly details?: unknown;
  readonly cause?: unknown;
  /** After how many seconds the caller may try again; sent as `Retry-After`. */
  readonly retryAfter?: number | undefined;
}

/** The one error of the runtime. Its message is fit for a client; what is not belongs into `cause`. */
export class RuntimeError extends Error {
  override readonly name: string = "RuntimeError";
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message: string, options: RuntimeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfter = options.retryAfter;
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** The HTTP status of an answer with this error. */
  get status(): number {
    return errorStatus[this.code];
  }

  /** As it stands in the `error` of an event. */
  toAgentError(): AgentError {
    return { code: this.code, message: this.message };
  }

  /** True for a runtime error, from whichever copy of this package it comes. */
  static is(value: unknown): value is RuntimeError {
    return (
      typeof value === "object" && value !== null && BRAND in value && isErrorCode(Reflect.get(value, "code"))
    );
  }

  /** `value` itself if it is a runtime error, else one that hides it behind `code` and keeps it as the cause. */
  static from(value: unknown, code: ErrorCode = "INTERNAL_ERROR", message = "Internal error."): RuntimeError {
    return RuntimeError.is(value) ? value : new RuntimeError(code, message, { cause: value });
  }
}

// A brand and not `instanceof`: two versions of this package may meet in one process.
const BRAND = Symbol.for("agentscope-runtime.RuntimeError");
