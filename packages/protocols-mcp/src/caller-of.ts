import { type Caller, type ProtocolContext, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyRequest } from "fastify";
import { z } from "zod";

/**
 * Who asks: the user that the app's `authenticate` knows, or else the one that the address names in `user_id`, for MCP
 * itself knows none. Throws `ACCESS_DENIED` where the two differ.
 */
export function callerOf(context: Pick<ProtocolContext, "callerOf">, request: FastifyRequest): Caller {
  const caller = context.callerOf(request);
  const query = Query.safeParse(request.query);
  if (!query.success) {
    throw new RuntimeError("INVALID_PARAMETER", "user_id: has to be one text of 1 to 1024 characters");
  }
  const { user_id: userId } = query.data;
  if (userId === undefined || caller.userId === userId) return caller;
  if (caller.userId === undefined) return { userId };
  throw new RuntimeError("ACCESS_DENIED", "user_id names somebody else.");
}

const Query = z.object({ user_id: z.string().min(1).max(1024).optional() });
