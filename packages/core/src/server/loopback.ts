import type { FastifyInstance } from "fastify";
import { RuntimeError } from "../errors/runtime-error.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i;

/** True for a host that only this machine can reach. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host) || host === "::1";
}

/**
 * Refuses requests for other hosts. A page in a browser may have a name of its own resolve to this machine; its
 * requests still carry that name.
 */
export function addHostCheck(fastify: FastifyInstance): void {
  fastify.addHook("onRequest", async ({ headers }) => {
    const host = headers.host ?? headers[":authority"];
    if (typeof host === "string" && isLoopback(host)) return;
    throw new RuntimeError("ACCESS_DENIED", "This server listens on loopback only and takes no other Host.");
  });
}
