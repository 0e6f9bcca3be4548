import { PostgresRunStore } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { newRun } from "@agentscope-runtime/testing";
import { Pool } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";

let server: PostgresServer;
let pool: Pool;
/** How many bytes have come from the server. */
let received = () => 0;
beforeAll(async () => {
  server = await PostgresServer.start({ settings: { fsync: "off" } });
  pool = new Pool({ connectionString: await server.createDatabase(), max: 2 });
  pool.on("error", () => undefined);
  const streams: { readonly bytesRead: number }[] = [];
  pool.on("connect", (client) => {
    const { connection } = client as unknown as { connection: { stream: { readonly bytesRead: number } } };
    streams.push(connection.stream);
  });
  received = () => streams.reduce((sum, { bytesRead }) => sum + bytesRead, 0);
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
}, 60_000);

it("brings none of the inputs over the wire", async () => {
  const store = new PostgresRunStore({ pool, schema: "inputs" });
  await store.start();
  for (let index = 0; index < 40; index++) await store.create(newRun({ text: "x".repeat(250_000) }));
  const before = received();
  expect((await store.list({ agent: "agent" })).items).toHaveLength(40);
  expect(received() - before).toBeLessThan(250_000);
  await store.stop();
});

it("ends a page where requests are large, without bringing more of them", async () => {
  const store = new PostgresRunStore({ pool, schema: "requests" });
  await store.start();
  for (let index = 0; index < 12; index++) {
    const run = newRun();
    await store.create({ ...run, request: { ...run.request, notes: "x".repeat(2 ** 20) } });
  }
  const before = received();
  const { items, nextCursor } = await store.list({ agent: "agent", limit: 10 });
  expect([items.length, nextCursor]).toEqual([4, expect.any(String)]);
  expect(received() - before).toBeLessThan(5 * 2 ** 20);
  await store.stop();
});
