import { PostgresMemoryService } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { memoryServiceSuite } from "@agentscope-runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { RecordingPool } from "./recording-pool.ts";
import { textMessage, textOf } from "./text-message.ts";

let server: PostgresServer;
let url: string;
beforeAll(async () => {
  server = await PostgresServer.start();
  url = await server.createDatabase();
}, 60_000);
afterAll(() => server?.stop());

let count = 0;
const newSchema = () => `schema ${++count}`;
const schemas = new WeakMap<object, string>();
function open(options: { schema: string }): PostgresMemoryService {
  const service = new PostgresMemoryService({ url, ...options });
  schemas.set(service, options.schema);
  return service;
}

memoryServiceSuite("PostgresMemoryService", {
  create: () => open({ schema: newSchema() }),
  durable: { reopen: (service) => open({ schema: schemas.get(service) ?? "" }) },
});

const owner = { agent: "agent", userId: "user" };

it("keeps what two services remember at the same time, each message once", async () => {
  const schema = newSchema();
  const services = [open({ schema }), open({ schema })];
  await Promise.all(services.map((service) => service.start()));
  const texts = Array.from({ length: 50 }, (_, writer) => `writer ${writer}`);
  const shared = textMessage("shared", { id: "shared" });
  const add = (text: string, writer: number) =>
    services[writer % 2]?.addMemory({ ...owner, sessionId: "session" }, [textMessage(text), shared]);
  await Promise.all(texts.map(add));
  const { items } = (await services[0]?.listMemory(owner)) ?? { items: [] };
  expect(items.map(({ message }) => textOf(message)).toSorted()).toEqual(["shared", ...texts].toSorted());
  await Promise.all(services.map((service) => service.stop()));
});

it("finds words longer than an index can hold", async () => {
  const service = open({ schema: newSchema() });
  await service.start();
  const word = "long".repeat(10_000);
  await service.addMemory({ ...owner, sessionId: "1" }, [textMessage(`${word}er`)]);
  await service.addMemory({ ...owner, sessionId: "2" }, [textMessage(word)]);
  const found = await service.searchMemory(owner, word);
  expect(found.map(({ sessionId }) => sessionId)).toEqual(["2"]);
  await service.stop();
});

it("reads only what matches, of that owner, in a search", async () => {
  const pool = new RecordingPool(url);
  const schema = newSchema();
  const service = new PostgresMemoryService({ pool, schema });
  await service.start();
  const noise = Array.from({ length: 1000 }, (_, index) =>
    textMessage(`the common word and number ${index}`),
  );
  for (const userId of ["user", "a", "b", "c"]) {
    await service.addMemory({ ...owner, userId, sessionId: "1" }, noise);
  }
  await service.addMemory({ ...owner, sessionId: "2" }, [textMessage("a rare word")]);
  await pool.query({ text: `vacuum analyze "${schema}".memories` });
  expect(await service.searchMemory(owner, "rare 7")).toHaveLength(2);
  // Two match, in which one user's words are no other's: of the 7 there are four.
  const ofMemories = (await pool.explainLast()).filter((step) => step["Relation Name"] === "memories");
  expect(ofMemories).toEqual([
    expect.objectContaining({ "Node Type": "Bitmap Heap Scan", "Actual Rows": 2 }),
  ]);
  await service.listMemory({ ...owner, sessionId: "1" }, { limit: 10 });
  const listed = (await pool.explainLast()).filter((step) => step["Relation Name"] === "memories");
  expect(listed).toEqual([
    expect.objectContaining({ "Index Name": "memories_by_session", "Actual Rows": 11 }),
  ]);
  await service.stop();
  await pool.end();
});
