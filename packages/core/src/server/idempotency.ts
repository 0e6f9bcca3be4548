import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Idempotency } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** What the `Idempotency-Key` of a request asks for; throws `INVALID_PARAMETER` for one that can't be a key. */
export function idempotencyOf({ headers, body }: FastifyRequest): Idempotency | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "" || key.length > 255) {
    throw new RuntimeError("INVALID_PARAMETER", "Idempotency-Key is one header of 1 to 255 characters.");
  }
  return { key, fingerprint: fingerprintOf(body) };
}

/** A text that is the same for equal JSON, whatever the order of its keys, and for no other. */
export function fingerprintOf(body: unknown): string {
  return createHash("sha256")
    .update(canonicalJson(body ?? null))
    .digest("base64url");
}

/** JSON that is the same for objects that differ in the order of their keys only. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === "object" && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
