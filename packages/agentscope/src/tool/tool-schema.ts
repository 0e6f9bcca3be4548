/** A tool as chat models are told of it. */
export type ToolSchema = {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the input. */
    readonly parameters: Readonly<Record<string, unknown>>;
  };
};
