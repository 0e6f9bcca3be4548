import { PostgresStateService } from "@agentscope-runtime/services-postgres";
import { PostgresServer } from "@agentscope-runtime/test-servers";
import { stateServiceSuite } from "@agentscope-runtime/testing";
import { afterAll, beforeAll, expect, it } from "vitest";

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
function open(options: { schema: string; keepRounds?: number | undefined }): PostgresStateService {
  const service = new PostgresStateService({ url, ...options });
  schemas.set(service, options.schema);
  return service;
}

stateServiceSuite("PostgresStateService", {
  create: (options = {}) => open({ schema: newSchema(), ...options }),
  durable: { reopen: (service) => open({ schema: schemas.get(service) ?? "" }) },
});

it("never gives one round to two services that save at the same time", async () => {
  const schema = newSchema();
  const services = [open({ schema, keepRounds: 50 }), open({ schema, keepRounds: 50 })];
  await Promise.all(services.map((service) => service.start()));
  const session = { userId: "user", sessionId: "session" };
  const saves = Array.from({ length: 50 }, (_, writer) =>
    services[writer % 2]?.saveState(session, { writer }),
  );
  const rounds = await Promise.all(saves);
  expect(rounds.toSorted((a = 0, b = 0) => a - b)).toEqual(saves.map((_, index) => index + 1));
  const saved = rounds.map((roundId) => services[0]?.exportState(session, { roundId }));
  expect(await Promise.all(saved)).toEqual(saves.map((_, writer) => ({ writer })));
  await Promise.all(services.map((service) => service.stop()));
});

it("drops all that is too much where fewer rounds are to be kept than before", async () => {
  const schema = newSchema();
  const session = { userId: "user", sessionId: "session" };
  const roomy = open({ schema });
  await roomy.start();
  for (const value of [1, 2, 3, 4, 5]) await roomy.saveState(session, { value });
  const tight = open({ schema, keepRounds: 2 });
  await tight.start();
  await tight.saveState(session, { value: 0 }, { roundId: 0 });
  const kept = [0, 1, 2, 3, 4, 5].map((roundId) => roomy.exportState(session, { roundId }));
  expect(await Promise.all(kept)).toEqual([
    { value: 0 },
    ...[undefined, undefined, undefined, undefined],
    { value: 5 },
  ]);
  await Promise.all([roomy.stop(), tight.stop()]);
});

it("takes lone surrogates in ids for what they are", async () => {
  const service = open({ schema: newSchema() });
  await service.start();
  const ids = ["\ud800", "\ud801", "\udc00", "\ufffd", "\ud800\udc00"];
  for (const sessionId of ids) await service.saveState({ userId: "user", sessionId }, { sessionId });
  for (const sessionId of ids) {
    expect(await service.exportState({ userId: "user", sessionId })).toEqual({ sessionId });
  }
  await service.stop();
});

it.each([0, -1, 1.5, Number.NaN])("can't be told to keep %s rounds", (keepRounds) => {
  expect(() => open({ schema: "any", keepRounds })).toThrow("keepRounds is a whole number from 1.");
});
