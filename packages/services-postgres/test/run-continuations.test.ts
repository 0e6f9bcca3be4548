import { PostgresRunStore } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { newRun } from "@agentscope-runtime/testing";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start({ settings: { fsync: "off" } });
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop(), 60_000);

function answerTo(continues: string) {
  const run = newRun();
  return { ...run, request: { ...run.request, continues } };
}

it("knows after an upgrade which runs were answered before", async () => {
  const schema = "upgraded";
  const store = new PostgresRunStore({ url, schema });
  const answered = ["asked", 'a "quoted" one', "é 🦊"];
  await store.start();
  for (const id of answered) await store.create(answerTo(id));
  const half = answerTo("half a \ud83e");
  await store.create(half);
  // As a deletion of a session has it.
  await store.create(answerTo(""));
  await store.create(newRun());
  await store.stop();

  // As the former version left it.
  const client = new Client(url);
  await client.connect();
  await client.query(`set search_path to ${schema}`);
  await client.query("drop function create_run");
  await client.query("create function create_run(given text) returns text language sql as 'select $1'");
  await client.query("alter table runs drop column continues");
  await client.query("delete from migrations where version = 6");
  await client.end();

  await store.start();
  for (const id of answered) {
    await expect(store.create(answerTo(id))).rejects.toMatchObject({ code: "RUN_ANSWERED" });
  }
  for (const id of ["another", "", ""]) expect(await store.create(answerTo(id))).toMatchObject({ ahead: 0 });
  expect(await store.get(half.request.id)).toMatchObject({ id: half.request.id });
  await store.stop();
});
