import {
  type Caller,
  type HostedAgent,
  type RunRecord,
  type RunSummary,
  type Runs,
  RuntimeError,
} from "@agentscope-runtime/core";
import { parameterError } from "./openai-error.ts";

export interface PreviousResponseOptions {
  readonly caller: Caller;
  /** The user that the request is of, where that is known. */
  readonly userId: string | null;
  /** The responses that can be gone on with although they were not to be stored. */
  readonly unstored?: ReadonlySet<string> | undefined;
}

export interface PreviousResponse {
  readonly previous: RunRecord;
  /** The last run of its session. */
  readonly latest: RunSummary | undefined;
}

/** The run that `previous_response_id` names; rejects with `INVALID_PARAMETER` where the caller has none that can be gone on with. */
export async function previousResponse(
  runs: Runs,
  agent: HostedAgent,
  id: string,
  { caller, userId, unstored }: PreviousResponseOptions,
): Promise<PreviousResponse> {
  const previous = await findPrevious();
  const isTheirs = userId === null || userId === previous?.session.userId;
  if (previous === undefined || !isTheirs) {
    const message = `Previous response with id '${id}' not found.`;
    throw parameterError("previous_response_id", "previous_response_not_found", message);
  }
  const [latest] = (await runs.list({ ...previous.session, limit: 1 }, caller)).items;
  return { previous, latest };

  async function findPrevious(): Promise<RunRecord | undefined> {
    try {
      const run = await runs.get(agent.name, id, caller);
      return run.request.store !== false || unstored?.has(id) ? run : undefined;
    } catch (error) {
      if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
      return undefined;
    }
  }
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
