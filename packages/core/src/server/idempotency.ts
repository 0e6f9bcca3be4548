import { createHash } from "node:crypto";
import type { FastifyRequest } from "fastify";
import type { Idempotency } from "../contracts/run-store.ts";
import { RuntimeError } from "../errors/runtime-error.ts";

/** Describes the header where it is heeded; `what` is what the request has made. */
export function idempotencyHeader(what: string): Readonly<Record<string, string>> {
  const says = `Has the same request, sent again, answered with the ${what}: 1 to 255 characters.`;
  return { "Idempotency-Key": says };
}

/** Describes the header of an answer to such a request. */
export const replayedHeader: Readonly<Record<string, string>> = {
  "Idempotent-Replayed": "`true` where the request, by its Idempotency-Key, was answered before.",
};

/**
 * What the `Idempotency-Key` of a request asks for; throws `INVALID_PARAMETER` for one that can't be a key. `more` is what
 * makes it another request besides its body.
 */
export function idempotencyOf(
  { headers, body }: Pick<FastifyRequest, "headers" | "body">,
  more?: unknown,
): Idempotency | undefined {
  const key = headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "" || key.length > 255) {
    throw new RuntimeError("INVALID_PARAMETER", "Idempotency-Key is one header of 1 to 255 characters.");
  }
  return { key, fingerprint: more === undefined ? fingerprintOf(body) : fingerprintOf([body ?? null, more]) };
}

/** A text that is the same for equal JSON, whatever the order of its keys, and for no other. */
export function fingerprintOf(value: unknown): string {
  return createHash("sha256")
    .update(canonicalJson(value ?? null))
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
