import { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type AgentPart,
  InMemoryRunStore,
  MessageAssembler,
  type RunLease,
  type RunSessionHandle,
} from "@agentscope-runtime/core";
import { ask } from "./ask.ts";

/** A run store that outlives the apps that use it. */
export class LastingRunStore extends InMemoryRunStore {
  override get lasting(): boolean {
    return true;
  }

  override async stop(): Promise<void> {}
}

export interface LeftBehindOptions {
  readonly id?: string;
  readonly sessionId?: string;
  /** What its handler had emitted; `undefined` where it had waited for its turn. */
  readonly parts?: readonly AgentPart[] | undefined;
  readonly request?: object;
}

/** Leaves a run in the store as a process leaves it that is killed in the middle. */
export async function leaveBehind(
  store: InMemoryRunStore,
  { id = "run-1", sessionId = "session", parts, request = {} }: LeftBehindOptions = {},
): Promise<{ readonly lease: RunLease; readonly session: RunSessionHandle }> {
  await store.start();
  const assembler = new MessageAssembler({ responseId: id, sessionId, now: Date.now });
  assembler.status("created");
  const [created] = assembler.take();
  if (created === undefined) throw new Error("There is no first event.");
  const session = { agent: "Friday", userId: "user", sessionId };
  const ids = { id, session_id: sessionId, user_id: "user" };
  const result = await store.create({
    session,
    request: { ...AgentRequest.parse({ ...ask("Hi"), ...request }), ...ids },
    createdAt: Date.now(),
    created,
    policy: "enqueue",
    maxQueued: 16,
    owner: "dead",
  });
  if (result.kind !== "created") throw new Error("The run was there already.");
  const { lease } = result;
  if (parts === undefined) return { lease, session: { ...session, fence: 0 } };
  const fence = await store.waitTurn(lease);
  assembler.status("in_progress");
  for (const part of parts) assembler.push(part);
  await store.append(lease, assembler.take());
  return { lease, session: { ...session, fence } };
}
