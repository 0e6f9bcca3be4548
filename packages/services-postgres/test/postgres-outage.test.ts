import { PostgresSessionHistoryService, PostgresStateService } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { textMessage } from "./text-message.ts";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop());

const session = { userId: "user", sessionId: "session" };
const unavailable = { code: "SERVICE_UNAVAILABLE", cause: expect.any(Error) };

it("rejects while the server is down, and goes on with all that was saved when it is back", async () => {
  const service = new PostgresStateService({ url, schema: "killed" });
  await service.start();
  await service.saveState({ ...session, fence: 2 }, { value: 1 });
  await server.kill();
  await expect(service.exportState(session)).rejects.toMatchObject(unavailable);
  await expect(service.saveState(session, {})).rejects.toMatchObject(unavailable);
  expect(await service.health()).toBe(false);
  await expect(new PostgresStateService({ url, schema: "killed" }).start()).rejects.toMatchObject(
    unavailable,
  );
  await server.restart();
  expect(await service.health()).toBe(true);
  expect(await service.exportState(session)).toEqual({ value: 1 });
  await expect(service.saveState({ ...session, fence: 1 }, {})).rejects.toMatchObject({ code: "FENCED" });
  expect(await service.saveState(session, {})).toBe(2);
  await service.stop();
});

it.each([
  ["of its own", () => undefined],
  ["of the caller's", () => new Pool({ connectionString: url, connectionTimeoutMillis: 300, max: 2 })],
])("does not wait without end for a server that is silent, with a pool %s", async (name, create) => {
  const pool = create();
  const options = { schema: `paused ${name}`, statementTimeout: 300 };
  const service = new PostgresStateService(
    pool === undefined ? { url, ...options, connectTimeout: 300, poolSize: 2 } : { pool, ...options },
  );
  await service.start();
  await service.saveState(session, { value: 1 });
  await server.pause();
  try {
    // More than there are connections, so that some wait for one.
    const calls = Array.from({ length: 5 }, () => service.exportState(session));
    for (const call of await Promise.allSettled(calls)) {
      expect(call).toMatchObject({ status: "rejected", reason: unavailable });
    }
    expect(await service.health()).toBe(false);
  } finally {
    await server.resume();
  }
  await expect.poll(() => service.health()).toBe(true);
  expect(await service.exportState(session)).toEqual({ value: 1 });
  await service.stop();
  await pool?.end();
});

it("can be stopped while the server is silent", async () => {
  const service = new PostgresStateService({ url, schema: "stopped", statementTimeout: 300, poolSize: 2 });
  await service.start();
  await server.pause();
  try {
    const call = service.exportState(session);
    await Promise.all([service.stop(), expect(call).rejects.toMatchObject(unavailable)]);
  } finally {
    await server.resume();
  }
});

it("lets a statement end that waits for longer than it may", async () => {
  const pool = new Pool({ connectionString: url, max: 1 });
  const service = new PostgresStateService({ url, schema: "locked", statementTimeout: 300 });
  await service.start();
  await service.saveState(session, { value: 1 });
  await pool.query("begin");
  await pool.query('select * from "locked".gates for update');
  await expect(service.saveState(session, { value: 2 })).rejects.toMatchObject(unavailable);
  await pool.query("commit");
  expect(await service.exportState(session)).toEqual({ value: 1 });
  await service.stop();
  await pool.end();
});

it("loses and doubles nothing for callers who try again while the server restarts in the middle", async () => {
  const services = [1, 2].map(() => new PostgresSessionHistoryService({ url, schema: "restarted" }));
  await Promise.all(services.map((service) => service.start()));
  let appended = 0;
  const halfway = Promise.withResolvers<void>();
  const write = async (service: PostgresSessionHistoryService, writer: number) => {
    for (let index = 0; index < 50; index++) {
      const message = textMessage("text", { id: `${writer}/${index}` });
      // Until the server is back, each attempt fails.
      while (!(await isDone(service.appendMessages(session, [message]))));
      if (++appended === 50) halfway.resolve();
    }
  };
  const writing = Promise.all(services.map(write));
  await halfway.promise;
  await server.kill();
  await server.restart();
  await writing;
  const items = (await services[0]?.getMessages(session))?.items ?? [];
  for (const writer of [0, 1]) {
    const own = items.map(({ id }) => id.split("/")).filter(([first]) => first === `${writer}`);
    expect(own.map(([, index]) => Number(index))).toEqual(Array.from({ length: 50 }, (_, index) => index));
  }
  expect((await services[1]?.getSession(session))?.messageCount).toBe(100);
  await Promise.all(services.map((service) => service.stop()));
});

function isDone(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => true,
    (error: unknown) => {
      expect(error).toMatchObject(unavailable);
      return false;
    },
  );
}
