import { AgentRequest, AgentResponse, newResponseId, type Status } from "@agentscope-runtime/agent-api";
import {
  type CreateResult,
  DeltaLogEntry,
  JsonLogEntry,
  type LogEntry,
  type NewRun,
  type RunStore,
} from "@agentscope-runtime/core";

/** A run of a session of its own, unless told otherwise. */
export function newRun({ session, ...rest }: Partial<NewRun> = {}): NewRun {
  const key = session ?? { agent: "agent", userId: "user", sessionId: crypto.randomUUID() };
  const id = newResponseId();
  const ids = { id, session_id: key.sessionId, user_id: key.userId };
  return {
    session: key,
    request: { ...AgentRequest.parse({ input: [] }), ...ids },
    createdAt: Date.now(),
    created: statusEntry(0, id, "created"),
    policy: "enqueue",
    maxQueued: 100,
    owner: "owner",
    ...rest,
  };
}

export async function createRun(
  store: RunStore,
  options?: Partial<NewRun>,
): Promise<Extract<CreateResult, { kind: "created" }>> {
  const result = await store.create(newRun(options));
  if (result.kind !== "created") throw new Error("The run was there already.");
  return result;
}

export function statusEntry(seq: number, id: string, status: Status): LogEntry {
  const response = AgentResponse.parse({ id, status, created_at: 0, sequence_number: seq });
  return new JsonLogEntry(seq, JSON.stringify(response));
}

export function piece(seq: number, text: string = `piece ${seq} `): LogEntry {
  return new DeltaLogEntry(seq, '"object":"content","type":"text","delta":true,"text":', text);
}

/** Creates a run, writes `count` pieces of text in writes of one each, and ends and releases it. */
export async function endedRun(store: RunStore, count: number, options?: Partial<NewRun>): Promise<string> {
  const { run, lease } = await createRun(store, options);
  for (let seq = 1; seq <= count; seq++) await store.append(lease, [piece(seq)]);
  await store.finish(lease, "completed", [statusEntry(count + 1, run.id, "completed")]);
  await store.release(lease);
  return run.id;
}

export async function readRun(store: RunStore, runId: string, follow = false): Promise<LogEntry[]> {
  const entries: LogEntry[] = [];
  for await (const batch of store.read(runId, { follow })) entries.push(...batch);
  return entries;
}
