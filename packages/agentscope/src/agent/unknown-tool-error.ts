const BRAND: unique symbol = Symbol.for("@agentscope-runtime/agentscope.UnknownToolError");

/** A tool choice that names a tool which neither the agent nor its caller has. The message is fit for the caller. */
export class UnknownToolError extends TypeError {
  override readonly name = "UnknownToolError";

  constructor(toolName: string) {
    super(`The tool choice names ${JSON.stringify(toolName.slice(0, 128))}, which is not among the tools.`);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** Whether `value` is such an error, of this copy of the package or of another. */
  static is(value: unknown): value is UnknownToolError {
    return typeof value === "object" && value !== null && BRAND in value;
  }
}
