import type { FastifyRequest } from "fastify";
import { z } from "zod";
import { invalid } from "./run-input.ts";

/** The user that a request names, for AG-UI itself knows none. */
export function userOf({ query }: FastifyRequest): string | undefined {
  const result = Query.safeParse(query);
  if (!result.success) throw invalid("user_id: has to be one text of 1 to 1024 characters");
  return result.data.user_id;
}

const Query = z.object({ user_id: z.string().min(1).max(1024).optional() });
