export type ModelErrorCode =
  | "MODEL_UNAUTHORIZED_ACCESS"
  | "MODEL_NOT_FOUND"
  | "MODEL_QUOTA_EXCEEDED"
  | "MODEL_CONTEXT_LENGTH_EXCEEDED"
  | "MODEL_TIMEOUT"
  | "MODEL_EXECUTION_FAILED";

export interface ModelErrorOptions {
  readonly status?: number | undefined;
  readonly requestId?: string | undefined;
  readonly cause?: unknown;
}

const BRAND: unique symbol = Symbol.for("@agentscope-runtime/agentscope.ModelError");

/** A model call that failed. The message never holds an API key. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  readonly code: ModelErrorCode;
  /** The HTTP status the provider answered with, if it answered. */
  readonly status: number | undefined;
  /** What to quote when asking the provider. */
  readonly requestId: string | undefined;

  constructor(code: ModelErrorCode, message: string, options: ModelErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
    this.status = options.status;
    this.requestId = options.requestId;
  }

  /** Whether `value` is a model error, of this copy of the package or of another. */
  static is(value: unknown): value is ModelError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}
