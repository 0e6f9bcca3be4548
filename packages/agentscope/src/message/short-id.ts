import { randomUUID } from "node:crypto";

/** A fresh id of 22 characters that are safe in URLs and file names. */
export function shortId(): string {
  return Buffer.from(randomUUID().replaceAll("-", ""), "hex").toString("base64url");
}
