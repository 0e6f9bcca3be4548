import { AgentRequest } from "@agentscope-runtime/agent-api";
import {
  type AgentApp,
  type AgentPart,
  type FrameworkAdapter,
  type SessionPolicy,
  text,
} from "@agentscope-runtime/core";
import { expect, test } from "vitest";
import { ask } from "./support/ask.ts";
import { EventReader } from "./support/event-reader.ts";
import { Gate } from "./support/gate.ts";
import { post, refusal } from "./support/post.ts";
import { protocolSpy } from "./support/protocol-spy.ts";
import { quietApp } from "./support/quiet-app.ts";
import { serve } from "./support/serve.ts";

/** Takes parts as they are. */
const parts: FrameworkAdapter<unknown, AgentPart> = {
  name: "parts",
  history: "none",
  toInput: (input) => input,
  isYield: (value): value is AgentPart => typeof value === "object" && value !== null && "kind" in value,
  fromStream: (emit) => ({ push: emit, end: () => undefined }),
};

/** An app that asks whether it may pay, and counts how often it is told. */
function shop({ requestIds = ["pay"], fails = 0 } = {}): { app: AgentApp; told: () => number } {
  let told = 0;
  const app = quietApp().query(parts, function* ({ request }): Generator<AgentPart> {
    if (request.continues === undefined) {
      for (const requestId of requestIds) {
        yield { kind: "approval-request", requestId, name: "pay", arguments: "{}" };
      }
      yield { kind: "finish", reason: "input_required" };
      return;
    }
    if (++told <= fails) throw new Error("It was not heard.");
    yield { kind: "text-delta", messageId: "M1", text: "Thanks." };
  });
  return { app, told: () => told };
}

function answer(url: string, approved = "pay", headers: Record<string, string> = {}): Promise<Response> {
  const data = { approval_request_id: approved, approve: true };
  const input = [{ type: "mcp_approval_response", role: "user", content: [{ type: "data", data }] }];
  return post(`${url}/process`, { input, continues: "asked", stream: false }, headers);
}

async function asked(url: string): Promise<void> {
  const answered = await post(`${url}/process`, ask("Buy", { id: "asked", stream: false }));
  expect(((await answered.json()) as { status: string }).status).toBe("incomplete");
}

test("of 20 answers at once one is heard, and the others learn why not", async () => {
  const { app, told } = shop();
  const { url } = await serve(app);
  await asked(url);
  const answers = await Promise.all(Array.from({ length: 20 }, () => answer(url)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  for (const late of answers.filter(({ status }) => status !== 200)) {
    expect(await refusal(late)).toBe("409 RUN_ANSWERED");
  }
  expect(told()).toBe(1);
});

test("an answer that is sent again with its key meets the run that it started", async () => {
  const { app, told } = shop();
  const { url } = await serve(app);
  await asked(url);
  const first = await answer(url, "pay", { "idempotency-key": "1" });
  const again = await answer(url, "pay", { "idempotency-key": "1" });
  expect(await again.text()).toBe(await first.text());
  expect(told()).toBe(1);
});

test("an answer that failed can be given again", async () => {
  const { app, told } = shop({ fails: 1 });
  const { url } = await serve(app);
  await asked(url);
  expect(await (await answer(url)).json()).toMatchObject({ status: "failed" });
  expect(await (await answer(url)).json()).toMatchObject({ status: "completed" });
  expect(await refusal(await answer(url))).toBe("409 RUN_ANSWERED");
  expect(told()).toBe(2);
});

test("what was not asked can't be approved, and what was still can", async () => {
  const { app } = shop();
  const { url } = await serve(app);
  await asked(url);
  expect(await refusal(await answer(url, "sell"))).toBe("400 INVALID_PARAMETER");
  expect((await answer(url, "pay")).status).toBe(200);
});

test("a question without requests is known by the id of its run", async () => {
  const { app } = shop({ requestIds: [] });
  const { url } = await serve(app);
  await asked(url);
  expect(await refusal(await answer(url, "pay"))).toBe("400 INVALID_PARAMETER");
  expect((await answer(url, "asked")).status).toBe(200);
});

test.each<SessionPolicy>(["enqueue", "reject", "interrupt"])(
  "a run that is started as canceled leaves the one at work in its session alone (%s)",
  async (sessionPolicy) => {
    const { protocol, context } = protocolSpy();
    const gate = new Gate();
    const app = quietApp({ protocols: [protocol], runs: { sessionPolicy, maxQueuedRuns: 0 } });
    const { url } = await serve(
      app.query(text(), async function* () {
        await gate.passed;
        yield "Done";
      }),
    );
    const body = ask("Go", { id: "working", session_id: "s" });
    const reader = await EventReader.open(`${url}/process`, { body });
    await reader.until(({ status }) => status === "in_progress");
    const { runs, agents } = context();
    const request = AgentRequest.parse({ input: [], session_id: "s" });
    const cancel = { reason: "Nobody wants to know." };
    const { run } = await runs().start(agents[0]?.agent() as never, request, { cancel });
    expect(run).toMatchObject({ status: "canceled", cancel });
    expect(await runs().result(run.id)).toMatchObject({
      status: "canceled",
      error: { message: cancel.reason },
    });
    gate.open();
    expect((await reader.rest()).at(-1)).toMatchObject({ id: "working", status: "completed" });
  },
);
