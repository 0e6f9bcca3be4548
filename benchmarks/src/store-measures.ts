import { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  DeltaLogEntry,
  JsonLogEntry,
  type LogEntry,
  type RunLease,
  type RunStore,
} from "@agentscope-runtime/core";
import { median } from "./median.ts";
import { type StoreHome, type StoreName, storeServices } from "./store.ts";

/** Milliseconds from the begin of an append on one connection until a reader on another has the entry; the median. */
export async function readerLag(name: StoreName, location: string): Promise<number> {
  const [writer, reader] = [storeServices(name, location).runStore, storeServices(name, location).runStore];
  await Promise.all([writer.start(), reader.start()]);
  try {
    const lease = await newRun(writer);
    const reading = reader.read(lease.runId, { after: 0, follow: true })[Symbol.asyncIterator]();
    const lags: number[] = [];
    for (let seq = 1; seq <= 300; seq++) {
      const next = reading.next();
      // So that the reader waits already, as one does between two tokens.
      await new Promise((resolve) => setTimeout(resolve, 5));
      const begin = performance.now();
      await writer.append(lease, [delta(seq)]);
      await next;
      if (seq > 100) lags.push(performance.now() - begin);
    }
    await reading.return?.();
    return median(lags);
  } finally {
    await Promise.all([writer.stop(), reader.stop()]);
  }
}

/**
 * Milliseconds that a turn of a session costs: its run, whose words and answer go into the history, and a look at the last
 * 20 messages. The 10th turn of sessions, and those around the 1,000th of another, in turn, so that both meet the same noise.
 */
export async function turnCost(
  name: StoreName,
  location: string,
): Promise<{ readonly early: number; readonly late: number }> {
  const { runStore, history } = storeServices(name, location);
  await Promise.all([runStore.start(), history.start()]);
  const turn = async (sessionId: string, number: number) => {
    const session = { agent: "Friday", userId: "user", sessionId };
    const begin = performance.now();
    const lease = await newRun(runStore, sessionId);
    const handle = { ...session, fence: await runStore.waitTurn(lease) };
    await history.getMessages(handle, { order: "desc", limit: 20 });
    await history.appendMessages(handle, [message("user", number), message("assistant", number)]);
    await runStore.append(lease, [delta(1), delta(2), delta(3)]);
    await runStore.finish(lease, "completed", [response(4, lease.runId, "completed")]);
    await runStore.release(lease);
    return performance.now() - begin;
  };
  try {
    for (let number = 1; number < 980; number++) await turn("long", number);
    const early: number[] = [];
    const late: number[] = [];
    for (let sample = 0; sample < 40; sample++) {
      for (let number = 1; number < 10; number++) await turn(`young ${sample}`, number);
      early.push(await turn(`young ${sample}`, 10));
      late.push(await turn("long", 980 + sample));
    }
    return { early: median(early), late: median(late) };
  } finally {
    await Promise.all([runStore.stop(), history.stop()]);
  }
}

/** Bytes that an event of a run of 200 takes, written two at a time; and once the run is compacted. */
export async function bytesPerEvent(
  name: StoreName,
  home: StoreHome,
): Promise<{ readonly fresh: number; readonly compacted: number }> {
  const runs = 200;
  const events = 202;
  const { runStore } = storeServices(name, home.location, { compactAfter: 3_600_000 });
  await runStore.start();
  const empty = await home.size();
  let last = "";
  for (let run = 0; run < runs; run++) {
    const lease = await newRun(runStore);
    for (let seq = 1; seq <= 200; seq += 2) await runStore.append(lease, [delta(seq), delta(seq + 1)]);
    await runStore.finish(lease, "completed", [response(201, lease.runId, "completed")]);
    await runStore.release(lease);
    last = lease.runId;
  }
  await runStore.stop();
  const fresh = (await home.size()) - empty;

  const { runStore: sweeper } = storeServices(name, home.location, { compactAfter: 0, sweepInterval: 20 });
  await sweeper.start();
  for (let entries = events; entries > 3; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    entries = 0;
    for await (const batch of sweeper.read(last)) entries += batch.length;
  }
  await sweeper.stop();
  const compacted = (await home.size()) - empty;
  return { fresh: fresh / runs / events, compacted: compacted / runs / events };
}

async function newRun(store: RunStore, sessionId: string = crypto.randomUUID()): Promise<RunLease> {
  const id = `run_${crypto.randomUUID()}`;
  const request = AgentRequest.parse({ input: [{ role: "user", content: [{ type: "text", text: "Hi" }] }] });
  const result = await store.create({
    session: { agent: "Friday", userId: "user", sessionId },
    request: { ...request, id, session_id: sessionId, user_id: "user" },
    createdAt: Date.now(),
    created: response(0, id, "created"),
    policy: "enqueue",
    maxQueued: 16,
    owner: "bench",
  });
  if (result.kind !== "created") throw new Error("The run was there already.");
  return result.lease;
}

function response(seq: number, id: string, status: string): LogEntry {
  const rest = { object: "response", status, error: null, id, created_at: 0 };
  return new JsonLogEntry(seq, JSON.stringify({ sequence_number: seq, ...rest }));
}

const HEAD =
  '"object":"content","status":"in_progress","error":null,"type":"text","index":0,"delta":true,"msg_id":"m","text":';

function delta(seq: number): LogEntry {
  return new DeltaLogEntry(seq, HEAD, `token${seq} `);
}

function message(role: "user" | "assistant", turn: number) {
  return {
    id: `${role} ${turn}`,
    role,
    content: [{ type: "text" as const, text: `Something of turn ${turn}.` }],
  };
}
