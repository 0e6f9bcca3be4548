import { RuntimeError } from "@agentscope-runtime/core";
import { SqliteSessionHistoryService } from "@agentscope-runtime/services-sqlite";
import { sessionHistoryServiceSuite } from "@agentscope-runtime/testing";
import { expect, it } from "vitest";
import { Reopening, temporaryFiles } from "./support/temporary-file.ts";

const newFile = temporaryFiles();
const { create, reopen } = new Reopening(newFile, (options) => new SqliteSessionHistoryService(options));

sessionHistoryServiceSuite("SqliteSessionHistoryService", { create, durable: { reopen } });

it("goes on behind a cursor when all messages were deleted meanwhile", async () => {
  const history = await create();
  const session = { userId: "user", sessionId: "session" };
  const append = (...ids: readonly string[]) =>
    history.appendMessages(
      session,
      ids.map((id) => ({ id, content: [] })),
    );
  await history.start();
  await append("1", "2", "3");
  const { nextCursor } = await history.getMessages(session, { limit: 2 });
  await history.deleteMessages(session);
  await append("4");
  const { items } = await history.getMessages(session, { cursor: nextCursor });
  expect(items.map(({ id }) => id)).toEqual(["4"]);
  await history.stop();
});

it("reads the clock once for a session that is created", async () => {
  let time = 1000;
  const history = new SqliteSessionHistoryService({ path: await newFile(), now: () => time++ });
  const owner = { userId: "user" };
  await history.start();
  await history.createSession({ ...owner, sessionId: "created" });
  await history.appendMessages({ ...owner, sessionId: "appended" }, [{ content: [] }]);
  for (const { createdAt, updatedAt } of (await history.listSessions(owner)).items) {
    expect(updatedAt).toBe(createdAt);
  }
  await history.stop();
});

it("undoes what it wrote where it then fails, and still raises the fence", async () => {
  const refusal = new RuntimeError("UNSUPPORTED", "There is no clock.");
  let now: () => number = Date.now;
  const history = new SqliteSessionHistoryService({ path: await newFile(), now: () => now() });
  const session = { userId: "user", sessionId: "session" };
  await history.start();
  const created = await history.createSession(session, { name: "old" });
  now = () => {
    throw refusal;
  };
  await expect(history.updateSession({ ...session, fence: 2 }, { name: "new" })).rejects.toBe(refusal);
  expect(await history.getSession(session)).toEqual(created);
  const superseded = history.deleteSession({ ...session, fence: 1 });
  await expect(superseded).rejects.toMatchObject({ code: "FENCED" });
  await history.stop();
});
