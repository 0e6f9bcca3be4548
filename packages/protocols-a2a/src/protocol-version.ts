import { VersionNotSupportedError } from "@a2a-js/sdk/errors";
import type { FastifyRequest } from "fastify";

type Asking = Pick<FastifyRequest, "headers" | "query">;

/** The version that a client speaks; who does not say is of a time when nobody had to. */
export function versionOf({ headers, query }: Asking): string {
  const said = [headers["a2a-version"], (query as { readonly [NAME]?: unknown })[NAME]];
  const version = said.find((text) => typeof text === "string" && text.trim() !== "");
  return typeof version === "string" ? withoutPatch(version.trim()) : FORMER;
}

/** True where a client says which version it speaks. */
export function saysVersion({ headers, query }: Asking): boolean {
  return headers["a2a-version"] !== undefined || (query as { readonly [NAME]?: unknown })[NAME] !== undefined;
}

/** The version as far as it counts: patches speak the same. */
export function withoutPatch(version: string): string {
  return /^(\d+\.\d+)\.\d+$/.exec(version)?.[1] ?? version;
}

/** The extensions that a client says it knows, by URI. */
export function extensionsOf({ headers }: Pick<FastifyRequest, "headers">): string[] {
  const named = [headers["a2a-extensions"], headers["x-a2a-extensions"]].flat();
  return named.flatMap((list) => (list ?? "").split(",")).flatMap((uri) => uri.trim() || []);
}

/** Throws `VersionNotSupportedError` for all but 1.0, and 0.3 where that is spoken too. */
export function assertVersion(version: string, legacy: boolean, said: boolean): void {
  if (version === "1.0" || (legacy && version === "0.3")) return;
  const known = legacy ? "1.0 and 0.3" : "1.0";
  const hint = said ? "" : " Say which one you speak with the header A2A-Version.";
  throw new VersionNotSupportedError(`A2A ${version} is not spoken here, but ${known}.${hint}`);
}

/** Throws `VersionNotSupportedError` where a client says that it speaks another version than a route does. */
export function assertSpoken(request: Asking, version: string): void {
  const spoken = versionOf(request);
  if (spoken === version) return;
  const message = `A2A ${spoken} is not spoken here, but ${version}: say so with the header A2A-Version.`;
  throw new VersionNotSupportedError(message);
}

const NAME = "A2A-Version";

/** What those speak who do not say. */
export const FORMER = "0.3";
