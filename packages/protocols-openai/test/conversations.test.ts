import { text } from "@agentscope-runtime/core";
import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { clientOf, openaiApp, parts, serve } from "./support/serve.ts";

/** Says whose session it is in. */
const sessions = (options = {}) =>
  openaiApp(options).query(text(), ({ session }) => `${session.userId}/${session.sessionId}`);

describe("a response goes on with the session", () => {
  it("that the conversation names", async () => {
    const client = await clientOf(sessions());
    const byText = await client.responses.create({ input: "Hi", conversation: "c1", user: "bob" });
    const byObject = await client.responses.create({ input: "Hi", conversation: { id: "c1" }, user: "bob" });
    expect([byText.output_text, byObject.output_text]).toEqual(["bob/c1", "bob/c1"]);
    expect(byText.conversation).toEqual({ id: "c1" });
  });

  it("of the previous response", async () => {
    const client = await clientOf(sessions());
    const first = await client.responses.create({ input: "Hi" });
    const second = await client.responses.create({ input: "And?", previous_response_id: first.id });
    const third = await client.responses.create({ input: "And?", previous_response_id: second.id });
    expect(third.output_text).toBe(first.output_text);
    expect(third.previous_response_id).toBe(second.id);
    const other = await client.responses.create({ input: "Hi" });
    expect(other.output_text).not.toBe(first.output_text);
  });

  it("of the run that waits for this input", async () => {
    const continued: unknown[] = [];
    const app = openaiApp().query(parts(), function* ({ request }) {
      continued.push(request.continues);
      if (request.continues === undefined) {
        yield { kind: "approval-request" as const, requestId: "ask_1", name: "delete", arguments: "{}" };
      }
    });
    const client = await clientOf(app);
    const first = await client.responses.create({ input: "Tidy up." });
    await client.responses.create({
      previous_response_id: first.id,
      input: [{ type: "mcp_approval_response", approval_request_id: "ask_1", approve: true }],
    });
    expect(continued).toEqual([undefined, first.id]);
  });
});

describe("a previous response can't be", () => {
  const refusal = { status: 400, param: "previous_response_id", code: "previous_response_not_found" };

  it("one that was not to be stored", async () => {
    const client = await clientOf(sessions());
    const { id } = await client.responses.create({ input: "Hi", store: false });
    const next = client.responses.create({ input: "And?", previous_response_id: id });
    await expect(next).rejects.toMatchObject(refusal);
  });

  it("somebody else's", async () => {
    const authenticate = ({ headers }: { headers: Readonly<Record<string, unknown>> }) => ({
      userId: String(headers.authorization),
    });
    const baseURL = `${await serve(sessions({ authenticate }))}/v1`;
    const [alice, bob] = ["alice", "bob"].map((apiKey) => new OpenAI({ apiKey, baseURL, maxRetries: 0 }));
    const { id } = (await alice?.responses.create({ input: "Hi" })) ?? { id: "" };
    const next = bob?.responses.create({ input: "And?", previous_response_id: id });
    await expect(next).rejects.toMatchObject(refusal);
    await alice?.responses.create({ input: "And?", previous_response_id: id });
  });

  it("one that was continued already, since its session knows more by now", async () => {
    const client = await clientOf(sessions());
    const { id } = await client.responses.create({ input: "Hi" });
    await client.responses.create({ input: "And?", previous_response_id: id });
    const branch = client.responses.create({ input: "Or?", previous_response_id: id });
    await expect(branch).rejects.toMatchObject({ ...refusal, code: "unsupported_value" });
  });
});

describe("an Idempotency-Key", () => {
  const key = { headers: { "idempotency-key": "k1" } };

  it("makes a request that is sent again meet its run", async () => {
    let asked = 0;
    const client = await clientOf(openaiApp().query(text(), () => `answer ${++asked}`));
    const past = await client.responses.create({ input: "Hi" });
    const params = { input: "And?", previous_response_id: past.id };
    const first = await client.responses.create(params, key);
    const { data, response } = await client.responses.create(params, key).withResponse();
    expect(data).toEqual(first);
    expect(response.headers.get("idempotent-replayed")).toBe("true");
    expect(asked).toBe(2);
  });

  it("that comes with another body is refused for good", async () => {
    const client = await clientOf(openaiApp().query(text(), () => "ok"));
    await client.responses.create({ input: "Hi" }, key);
    const other = client.responses.create({ input: "Ho" }, key);
    const error = await other.catch((reason: unknown) => reason as InstanceType<typeof OpenAI.APIError>);
    expect(error).toMatchObject({ status: 409, code: "idempotency_mismatch" });
    expect("headers" in error && error.headers?.get("x-should-retry")).toBe("false");
  });
});
