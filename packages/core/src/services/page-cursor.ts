import type { z } from "zod";
import { RuntimeError } from "../errors/runtime-error.ts";

/** A cursor that says where the next page begins, without showing it. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString("base64url");
}

/** The position a cursor stands for; throws `INVALID_PARAMETER` for one that was made up. */
export function decodeCursor<Position>(cursor: string, schema: z.ZodType<Position>): Position {
  try {
    const position = schema.parse(JSON.parse(Buffer.from(cursor, "base64url").toString()));
    if (encodeCursor(position) === cursor) return position;
  } catch {
    // Falls through to the one error there is, whatever is wrong with it.
  }
  throw new RuntimeError("INVALID_PARAMETER", "This is no cursor: pass the nextCursor of an earlier page.");
}
