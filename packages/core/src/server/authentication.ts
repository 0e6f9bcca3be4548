import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Authenticate, AuthenticationRequest } from "../app/agent-app-options.ts";
import type { Logger } from "../contracts/logger.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { Caller } from "../runs/runs.ts";

/** Says who may pass in a scope of a server, and in the scopes within it that have no other. */
const AUTHENTICATE = Symbol("agentscope-runtime.authenticate");
const callers = new WeakMap<FastifyRequest, Caller>();

/** Who asks. */
export function callerOf(request: FastifyRequest): Caller {
  return callers.get(request) ?? {};
}

/**
 * Lets nobody through whom `authenticate` does not know. It runs after all `onRequest` hooks, so that a refusal has
 * the headers that CORS and others give it, and before the body is read.
 */
export function addAuthentication(fastify: FastifyInstance, authenticate: Authenticate): void {
  // A scope inherits hooks and properties of the one around it; a hosted app's own word counts more than its host's.
  Object.defineProperty(fastify, AUTHENTICATE, { value: authenticate });
  fastify.addHook("preParsing", async (request) => {
    const { openToAll } = request.routeOptions.config as { openToAll?: boolean };
    if (openToAll === true || callers.has(request)) return;
    const nearest = Reflect.get(request.server, AUTHENTICATE) as Authenticate;
    const { method, url, headers, ip } = request;
    callers.set(request, await identify(nearest, { method, url, headers, ip }, request.log));
  });
}

/** Who it is that `authenticate` knows; throws `AUTH_FAILED` where it knows nobody. */
export async function identify(
  authenticate: Authenticate,
  request: AuthenticationRequest,
  log: Logger,
): Promise<Caller> {
  let caller: Required<Caller> | undefined;
  try {
    caller = await authenticate(request);
  } catch (error) {
    if (RuntimeError.is(error)) throw error;
    log.warn({ err: error }, "authenticate has thrown, which is taken for a refusal");
  }
  if (caller?.userId) return { userId: caller.userId };
  throw new RuntimeError("AUTH_FAILED", "Credentials are missing or wrong.");
}
