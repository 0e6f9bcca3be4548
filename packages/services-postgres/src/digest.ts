import { createHash } from "node:crypto";

/**
 * What a text of any length and any characters is found by in an index; no two texts that anybody can find have the same.
 * The text is well-formed, as JSON is whatever it stands for: a lone surrogate would be taken for any other.
 */
export function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
