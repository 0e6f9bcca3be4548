import { once } from "node:events";
import { RedisRunStore, type RedisRunStoreOptions } from "@agentscope-runtime/services-redis";
import { RedisServer } from "@agentscope-runtime/test-servers";
import { newRun, responseEntry, textEntry } from "@agentscope-runtime/testing";
import { Redis } from "ioredis";
import { afterAll, expect, it, vi } from "vitest";
import { TcpProxy } from "./tcp-proxy.ts";

const server = await RedisServer.start();
const admin = new Redis(server.url);
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

let spaces = 0;
/** Two stores over the same runs, which look for nothing that they were not told of. */
async function stores(options: RedisRunStoreOptions = {}, readers: RedisRunStoreOptions = {}) {
  const common = { url: server.url, prefix: `notices ${++spaces}`, pollInterval: 600_000 };
  const writer = new RedisRunStore({ ...common, ...options });
  const reader = new RedisRunStore({ ...common, ...options, ...readers });
  await Promise.all([writer.start(), reader.start()]);
  return { writer, reader, prefix: common.prefix, stop: () => Promise.all([writer.stop(), reader.stop()]) };
}

async function started(store: RedisRunStore) {
  const result = await store.create(newRun());
  if (result.kind !== "created") throw new Error("The run was there already.");
  return result;
}

/** The numbers a reader sees, as they come. */
function follow(store: RedisRunStore, runId: string) {
  const seqs: number[] = [];
  const done = (async () => {
    for await (const batch of store.read(runId, { follow: true })) seqs.push(...batch.map(({ seq }) => seq));
  })();
  done.catch(() => undefined);
  return { seqs, done };
}

const channels = async (prefix: string) => admin.pubsub("CHANNELS", `${prefix}:*`) as Promise<string[]>;

it("share one subscription of a process, which ends with the last who watches", async () => {
  const { writer, reader, prefix, stop } = await stores();
  const { run, lease } = await started(writer);
  const readers = Array.from({ length: 20 }, () => follow(reader, run.id));
  const leaving = new AbortController();
  const watches = [1, 2].map(() => reader.watchCancel(run.id, leaving.signal));
  await vi.waitFor(async () => expect(await channels(prefix)).toHaveLength(2));
  const [log = "", control = ""] = (await channels(prefix)).sort().reverse();
  expect(await admin.pubsub("NUMSUB", log, control)).toEqual([log, 1, control, 1]);
  await writer.append(lease, [textEntry(1)]);
  await vi.waitFor(() => {
    for (const { seqs } of readers) expect(seqs).toEqual([0, 1]);
  });
  leaving.abort();
  await Promise.allSettled(watches);
  await vi.waitFor(async () => expect(await channels(prefix)).toEqual([log]));
  await writer.finish(lease, "completed", [responseEntry(2, run.id, "completed")]);
  await Promise.all(readers.map(({ done }) => done));
  await vi.waitFor(async () => expect(await channels(prefix)).toEqual([]));
  await stop();
});

it("wake everybody when the connection comes back, for what was missed", async () => {
  const { writer, reader, stop } = await stores();
  const { run, lease } = await started(writer);
  const { seqs, done } = follow(reader, run.id);
  const canceled = writer.watchCancel(run.id, new AbortController().signal);
  await vi.waitFor(() => expect(seqs).toEqual([0]));
  for (let seq = 1; seq <= 5; seq++) {
    expect(Number(await admin.call("CLIENT", "KILL", "TYPE", "pubsub"))).toBeGreaterThan(0);
    await writer.append(lease, [textEntry(seq)]);
    if (seq === 5) await reader.requestCancel(run.id, { reason: "a test" });
    await vi.waitFor(() => expect(seqs.at(-1)).toBe(seq), { timeout: 5000 });
  }
  expect(await canceled).toEqual({ reason: "a test" });
  await writer.finish(lease, "canceled", [responseEntry(6, run.id, "canceled")]);
  await done;
  expect(seqs).toEqual([0, 1, 2, 3, 4, 5, 6]);
  await stop();
});

it("come over a new connection where the old one has fallen silent", async () => {
  await using proxy = await TcpProxy.to(server.port);
  const { writer, reader, stop } = await stores({}, { url: proxy.url, commandTimeout: 300 });
  const { run, lease } = await started(writer);
  const { seqs } = follow(reader, run.id);
  await vi.waitFor(() => expect(seqs).toEqual([0]));
  await writer.append(lease, [textEntry(1)]);
  await vi.waitFor(() => expect(seqs).toEqual([0, 1]));
  proxy.silence();
  await vi.waitFor(async () => expect(await reader.health()).toBe(false), { timeout: 5000 });
  await vi.waitFor(async () => expect(await reader.health()).toBe(true), { timeout: 5000 });
  await writer.append(lease, [textEntry(2)]);
  await vi.waitFor(() => expect(seqs).toEqual([0, 1, 2]), { timeout: 5000 });
  await stop();
});

it.each([2, 3] as const)("come through a client of one's own that speaks RESP%i", async (protocol) => {
  const client = new Redis(server.url, { protocol, keyPrefix: "mine:" });
  await once(client, "ready");
  const before = String(await admin.client("LIST")).split("\n").length;
  const { writer, reader, prefix, stop } = await stores({ url: undefined, client });
  for (let round = 0; round < 3; round++) {
    const { run, lease } = await started(writer);
    const { seqs, done } = follow(reader, run.id);
    await vi.waitFor(() => expect(seqs).toEqual([0]));
    await vi.waitFor(async () => expect(await channels(prefix)).toHaveLength(1));
    await writer.finish(lease, "completed", [responseEntry(1, run.id, "completed")]);
    await done;
    await vi.waitFor(async () => expect(await channels(prefix)).toHaveLength(0));
  }
  expect(await admin.keys(`mine:${prefix}:runs:log:*`)).toHaveLength(3);
  await stop();
  expect(client.status).toBe("ready");
  await vi.waitFor(async () => {
    expect(String(await admin.client("LIST")).split("\n").length).toBe(before);
  });
  client.disconnect();
});

it("are missing while the server is dead, and nothing else is once it is back", async () => {
  const mortal = await RedisServer.start();
  const { writer, reader, stop } = await stores({ url: mortal.url, commandTimeout: 500 });
  const { run, lease } = await started(writer);
  const { seqs, done } = follow(reader, run.id);
  await writer.append(lease, [textEntry(1)]);
  await vi.waitFor(() => expect(seqs).toEqual([0, 1]));
  await mortal.kill();
  const unavailable = { code: "SERVICE_UNAVAILABLE" };
  await expect(writer.append(lease, [textEntry(2)])).rejects.toMatchObject(unavailable);
  await expect(reader.get(run.id)).rejects.toMatchObject(unavailable);
  expect(await writer.health()).toBe(false);
  await mortal.restart();
  await vi.waitFor(async () => expect(await writer.health()).toBe(true), { timeout: 5000 });
  expect((await writer.get(run.id))?.lastSeq).toBe(1);
  await writer.append(lease, [textEntry(2)]);
  await writer.finish(lease, "completed", [responseEntry(3, run.id, "completed")]);
  await done;
  expect(seqs).toEqual([0, 1, 2, 3]);
  await stop();
  await mortal.stop();
});

it("need a client that can be duplicated", async () => {
  const client = {
    status: "ready",
    connect: async () => undefined,
    call: (command: string, args: string[]) => admin.call(command, args),
    on: () => undefined,
    off: () => undefined,
  };
  const store = new RedisRunStore({ client });
  await expect(store.start()).rejects.toMatchObject({ code: "CONFIGURATION_ERROR" });
  await store.stop();
});
