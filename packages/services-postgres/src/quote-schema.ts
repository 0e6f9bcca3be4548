import { RuntimeError } from "@agentscope-runtime/core";
import { escapeIdentifier } from "pg";

/** A schema's name as it stands in SQL; throws `CONFIGURATION_ERROR` for what can't be one. */
export function quoteSchema(name: string): string {
  const length = Buffer.byteLength(name);
  // The server would cut a longer one off, and take two of them for the same.
  if (length >= 1 && length <= 63 && !name.includes("\0") && name.isWellFormed()) {
    return escapeIdentifier(name);
  }
  throw new RuntimeError(
    "CONFIGURATION_ERROR",
    "The schema's name has 1 to 63 bytes, and none of them is 0.",
  );
}
