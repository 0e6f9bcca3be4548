/** A tool as chat models are told of it. */
export type ToolSchema = {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    /** JSON Schema of the input. */
    readonly parameters: Readonly<Record<string, unknown>>;
    /** Whether the model has to keep to the schema; left out, the provider decides. */
    readonly strict?: boolean | undefined;
  };
};
