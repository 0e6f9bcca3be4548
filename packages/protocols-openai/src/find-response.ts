import { type Caller, type ProtocolContext, type RunRecord, RuntimeError } from "@agentscope-runtime/core";

/** The run of a response that was to be stored and that the caller may see; rejects with `RESOURCE_NOT_FOUND`. */
export async function findResponse(
  { agents, runs }: ProtocolContext,
  id: string,
  caller: Caller,
): Promise<RunRecord> {
  for (const { name } of id.length > MAX_ID_LENGTH ? [] : agents) {
    try {
      const run = await runs().get(name, id, caller);
      if (run.request.store !== false) return run;
    } catch (error) {
      if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
    }
  }
  throw new RuntimeError(
    "RESOURCE_NOT_FOUND",
    `Response with id '${id.slice(0, MAX_ID_LENGTH)}' not found.`,
    {
      details: { param: "response_id", code: "response_not_found" },
    },
  );
}

const MAX_ID_LENGTH = 1024;
const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
