import { digest } from "./digest.ts";

/** What an id of any characters is found by. */
export function idDigest(id: string): Buffer {
  return digest(JSON.stringify(id));
}
