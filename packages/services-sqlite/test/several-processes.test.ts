import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import {
  SqliteMemoryService,
  SqliteSessionHistoryService,
  SqliteStateService,
} from "@agentscope-runtime/services-sqlite";
import { expect, it } from "vitest";
import { temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const session = { agent: "agent", userId: "user", sessionId: "session" };
const WRITER = join(import.meta.dirname, "support", "writer.ts");

it("bears three processes that make the file and write to it at once: nothing is lost or doubled", async () => {
  const path = await newFile();
  const writers = ["a", "b", "c"];
  const children = await Promise.all(writers.map((name) => writer(path, name, 40)));
  const exits = children.map((child) => once(child, "exit"));
  for (const child of children) child.send("go");
  expect((await Promise.all(exits)).map(([code]) => code)).toEqual([0, 0, 0]);

  const history = new SqliteSessionHistoryService({ path });
  const state = new SqliteStateService({ path });
  await Promise.all([history.start(), state.start()]);
  const ids = (await history.getMessages(session, { limit: 1000 })).items.map(({ id }) => id);
  expect(ids.filter((id) => id === "shared")).toHaveLength(1);
  const batches = ids.filter((id) => id !== "shared");
  expect(batches).toHaveLength(3 * 40 * 2);
  for (const name of writers) {
    const own = batches.filter((id) => id.startsWith(`${name}/`));
    expect(own).toEqual(
      Array.from({ length: 80 }, (_, index) => `${name}/${Math.floor(index / 2)}/${index % 2}`),
    );
  }
  // A batch stays together: nobody's message stands between its two.
  for (const [index, id] of batches.entries()) {
    if (id.endsWith("/0")) expect(batches[index + 1]).toBe(id.replace(/0$/, "1"));
  }
  expect((await history.getSession(session))?.messageCount).toBe(ids.length);
  expect(await state.saveState(session, {})).toBe(3 * 40 + 1);
  await Promise.all([history.stop(), state.stop()]);
}, 30_000);

it("keeps all it has answered for when the process is killed in the middle of writing", async () => {
  const path = await newFile();
  const child = await writer(path, "a", 1_000_000);
  const exit = once(child, "exit");
  let last = -1;
  child.on("message", (batch: number) => {
    last = batch;
    if (batch === 100) child.kill("SIGKILL");
  });
  child.send("go");
  await exit;

  const history = new SqliteSessionHistoryService({ path });
  await history.start();
  const { messageCount = 0 } = (await history.getSession(session)) ?? {};
  expect(messageCount).toBeGreaterThanOrEqual(1 + 2 * (last + 1));
  // All or nothing of the batch that was on its way.
  expect((messageCount - 1) % 2).toBe(0);
  const { items } = await history.getMessages(session, { order: "desc", limit: 2 });
  expect(items.map(({ id }) => id)).toEqual([1, 0].map((part) => `a/${(messageCount - 1) / 2 - 1}/${part}`));
  await history.appendMessages(session, [{ content: [] }]);
  await history.stop();
  const file = new DatabaseSync(path);
  expect({ ...file.prepare("PRAGMA integrity_check").get() }).toEqual({ integrity_check: "ok" });
  file.close();
}, 30_000);

it("lets 50 writers of two services over one file lose and double nothing", async () => {
  const path = await newFile();
  const histories = [0, 1].map(() => new SqliteSessionHistoryService({ path }));
  const states = [0, 1].map(() => new SqliteStateService({ path, keepRounds: 50 }));
  const memories = [0, 1].map(() => new SqliteMemoryService({ path }));
  const services = [...histories, ...states, ...memories];
  await Promise.all(services.map((service) => service.start()));
  const writers = Array.from({ length: 50 }, (_, index) => index);
  const rounds = await Promise.all(
    writers.map(async (index) => {
      const own = { id: `${index}`, content: [{ type: "text" as const, text: `word ${index}` }] };
      const messages = [own, { id: "shared", content: [] }];
      await histories[index % 2]?.appendMessages(session, messages);
      await memories[index % 2]?.addMemory(session, messages);
      return states[index % 2]?.saveState(session, { index });
    }),
  );
  expect(new Set(rounds)).toEqual(new Set(writers.map((index) => index + 1)));
  for (const history of histories) {
    const { items } = await history.getMessages(session);
    expect(new Set(items.map(({ id }) => id))).toEqual(new Set([...writers.map(String), "shared"]));
    expect(items).toHaveLength(51);
  }
  expect((await memories[0]?.listMemory(session))?.items).toHaveLength(51);
  expect(await memories[1]?.searchMemory(session, "word", { limit: 100 })).toHaveLength(50);
  await Promise.all(services.map((service) => service.stop()));
});

it("honours a fence, and a deletion, that another service over the file has seen", async () => {
  const path = await newFile();
  const [one, other] = [new SqliteSessionHistoryService({ path }), new SqliteSessionHistoryService({ path })];
  await Promise.all([one.start(), other.start()]);
  await one.appendMessages({ ...session, fence: 1 }, [{ content: [] }]);
  await other.getMessages({ ...session, fence: 2 });
  const superseded = one.appendMessages({ ...session, fence: 1 }, [{ content: [] }]);
  await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
  await other.deleteSession({ ...session, fence: 2 });
  await expect(one.createSession({ ...session, fence: 1 })).rejects.toMatchObject({ code: "FENCED" });
  expect(await one.getSession(session)).toBeUndefined();
  await Promise.all([one.stop(), other.stop()]);
});

/** A process that waits for a message before it writes. */
async function writer(path: string, name: string, count: number): Promise<ChildProcess> {
  const child = fork(WRITER, [path, name, `${count}`], {
    execArgv: ["--conditions=@agentscope-runtime/source"],
  });
  await once(child, "message");
  return child;
}
