import { z } from "zod";

/** A JSON Schema of an object. */
export type ObjectSchema = { readonly type: "object"; readonly [key: string]: unknown };

/** A zod schema of an object for those who read JSON Schema. */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): ObjectSchema {
  // Some clients know no other dialect than their own, and fail at the name of this one.
  const { $schema: _, ...json } = z.toJSONSchema(schema, { io });
  return { ...json, type: "object" };
}
