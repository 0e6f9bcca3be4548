import type { RequestSettings } from "@agentscope-runtime/core";
import { z } from "zod";

/** True where the answer of a run is to be JSON, so that what else is said has to be told apart from it. */
export function wantsJson(request: RequestSettings): boolean {
  return Asking.safeParse(request).success;
}

const Asking = z.object({
  text: z.object({ format: z.object({ type: z.enum(["json_schema", "json_object"]) }) }),
});
