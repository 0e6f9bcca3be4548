import { InMemoryRunStore, InMemorySessionHistoryService } from "@agentscope-runtime/core";
import { expect, it } from "vitest";
import { historicalApp } from "./support/historical.ts";
import { clientOf } from "./support/serve.ts";

it("a response that was continued already is where a branch begins", async () => {
  const client = await clientOf(historicalApp());
  const one = await client.responses.create({ input: "One" });
  const two = await client.responses.create({ input: "Two", previous_response_id: one.id });
  const three = await client.responses.create({ input: "Three", previous_response_id: two.id });
  expect(three.output_text).toBe("One|Two|Three");
  const branch = await client.responses.create({ input: "Or", previous_response_id: one.id });
  expect(branch).toMatchObject({ output_text: "One|Or", previous_response_id: one.id });
  const twig = await client.responses.create({ input: "And", previous_response_id: branch.id });
  expect(twig.output_text).toBe("One|Or|And");
  const other = await client.responses.create({ input: "Else", previous_response_id: two.id });
  expect(other.output_text).toBe("One|Two|Else");
  const trunk = await client.responses.create({ input: "Four", previous_response_id: three.id });
  expect(trunk.output_text).toBe("One|Two|Three|Four");
});

it("a branch is nobody else's", async () => {
  const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
    userId: String(headers.authorization),
  });
  const client = await clientOf(historicalApp({ authenticate }), { apiKey: "alice" });
  const { id } = await client.responses.create({ input: "One" });
  await client.responses.create({ input: "Two", previous_response_id: id });
  const bob = client.withOptions({ apiKey: "bob" });
  const stolen = bob.responses.create({ input: "Or", previous_response_id: id });
  await expect(stolen).rejects.toMatchObject({ status: 400, code: "previous_response_not_found" });
  expect((await client.responses.create({ input: "Or", previous_response_id: id })).output_text).toBe(
    "One|Or",
  );
});

it("of a branch, attempts with one Idempotency-Key meet one run, at any server", async () => {
  const history = new InMemorySessionHistoryService();
  const options = { runStore: new InMemoryRunStore() };
  const client = await clientOf(historicalApp(options, history));
  const other = await clientOf(historicalApp(options, history));
  const key = (name: string) => ({ headers: { "idempotency-key": name } });
  const one = await client.responses.create({ input: "One", user: "bob" });
  const next = { input: "Two", previous_response_id: one.id };
  const two = await client.responses.create(next, key("k2"));
  const branch = { input: "Or", previous_response_id: one.id };
  const first = await client.responses.create(branch, key("k3"));
  expect(first.output_text).toBe("One|Or");
  for (const server of [client, other]) {
    expect((await server.responses.create(branch, key("k3"))).id).toBe(first.id);
    expect((await server.responses.create(next, key("k2"))).id).toBe(two.id);
  }
  const { items } = await history.listSessions({ userId: "bob", agent: "Friday" });
  expect(items).toHaveLength(2);
});

it("a branch that is refused leaves nothing behind", async () => {
  const history = new InMemorySessionHistoryService();
  const runStore = new InMemoryRunStore();
  const client = await clientOf(historicalApp({ runStore }, history));
  const { id } = await client.responses.create({ input: "One", user: "bob" });
  await client.responses.create({ input: "Two", previous_response_id: id });
  const running = await clientOf(historicalApp({ runStore, runs: { maxActiveRuns: 0 } }, history));
  const refused = running.responses.create({ input: "Or", previous_response_id: id });
  await expect(refused).rejects.toMatchObject({ status: 429 });
  expect((await history.listSessions({ userId: "bob", agent: "Friday" })).items).toHaveLength(1);
});

it("a deleted branch leaves the trunk as it is", async () => {
  const client = await clientOf(historicalApp());
  const one = await client.responses.create({ input: "One" });
  const two = await client.responses.create({ input: "Two", previous_response_id: one.id });
  const branch = await client.responses.create({ input: "Or", previous_response_id: one.id });
  await client.responses.delete(branch.id);
  await expect(client.responses.retrieve(branch.id)).rejects.toMatchObject({ status: 404 });
  const three = await client.responses.create({ input: "Three", previous_response_id: two.id });
  expect(three.output_text).toBe("One|Two|Three");
});
