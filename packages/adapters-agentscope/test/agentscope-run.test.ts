import { agentscope, SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
import type { AgentResponse } from "@agentscope-runtime/agent-api";
import { OpenAIChatModel, ReActAgent, streamPrintingMessages } from "@agentscope-runtime/agentscope";
import { AgentApp, InMemorySessionHistoryService } from "@agentscope-runtime/core";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { beforeEach, expect, it, onTestFinished } from "vitest";

type Reply = Parameters<FakeModelServer["reply"]>[number];

let history: InMemorySessionHistoryService;

beforeEach(async () => {
  history = new InMemorySessionHistoryService();
  await history.start();
});

/** The address of an app whose model answers with `replies`. */
async function serve(...replies: Reply[]) {
  const server = await FakeModelServer.start({ replies });
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } }).query(
    agentscope(),
    async function* ({ msgs, session, signal }) {
      const agent = new ReActAgent({
        name: "Friday",
        sysPrompt: "",
        model: new OpenAIChatModel("fake", { apiKey: "sk-test", baseURL: server.url, maxRetries: 0 }),
        memory: new SessionHistoryMemory({ service: history, session }),
        maxIters: 1,
      });
      yield* streamPrintingMessages({
        agents: [agent],
        task: (taskSignal) => agent.reply(msgs, { signal: taskSignal }),
        signal,
      });
    },
  );
  const { url, close } = await app.run({ port: 0 });
  onTestFinished(async () => {
    await close();
    await server[Symbol.asyncDispose]();
  });
  return { url };
}

function post(url: string, body: object = {}): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
}

const question = { id: "1", content: [{ type: "text", text: "Go on." }] };

async function run(url: string, id?: string): Promise<AgentResponse> {
  const body = { id, input: [question], session_id: "s1", user_id: "Alice", stream: false };
  return (await (await post(`${url}/process`, body)).json()) as AgentResponse;
}

/** Type and status of each message. */
const ends = ({ output }: AgentResponse) => output?.map(({ type, status }) => [type, status]);

async function stored() {
  const { items } = await history.getMessages({ agent: "Friday", userId: "Alice", sessionId: "s1" });
  return items;
}

it("ends an answer that a cancel cuts off as incomplete, in the stream and in the history", async () => {
  const { url } = await serve({ text: "Once", ending: "stall" });
  const body = { id: "response_1", input: [question], session_id: "s1", user_id: "Alice" };
  const stream = (await post(`${url}/process`, body)).body ?? new ReadableStream();
  let told = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    if (!told.includes("Once") && piece.includes("Once")) await post(`${url}/runs/response_1/cancel`);
    told += piece;
  }
  const response: AgentResponse = JSON.parse(told.slice(told.lastIndexOf("data: ") + "data: ".length));
  expect(response.status).toBe("canceled");
  expect(ends(response)).toEqual([["message", "incomplete"]]);
  expect((await stored()).map(({ role, status }) => [role, status])).toEqual([
    ["user", "completed"],
    ["assistant", "incomplete"],
  ]);
});

it("ends an answer that the model fails to finish as incomplete", async () => {
  const { url } = await serve({ text: "Once", ending: "cut" });
  const response = await run(url);
  expect(response).toMatchObject({ status: "failed", error: { code: "MODEL_EXECUTION_FAILED" } });
  expect(ends(response)).toEqual([["message", "incomplete"]]);
});

it.each([
  ["length", "max_output_tokens"],
  ["content_filter", "content_filter"],
])("ends a run whose last answer ran into the %s as incomplete", async (finishReason, reason) => {
  const { url } = await serve({ text: "Once", finishReason });
  const response = await run(url);
  expect(response).toMatchObject({ status: "incomplete", incomplete_details: { reason } });
  expect(ends(response)).toEqual([["message", "incomplete"]]);
});

it("ends a run that has used up its rounds as incomplete, with a whole answer", async () => {
  // A call of a tool that is not there takes a round too.
  const call = { toolCalls: [{ name: "count", arguments: {} }] };
  const { url } = await serve(call, { text: "So far: 1." });
  const response = await run(url);
  expect(response).toMatchObject({
    status: "incomplete",
    incomplete_details: { reason: "max_iterations" },
  });
  expect(ends(response)?.at(-1)).toEqual(["message", "completed"]);
});

it("remembers both turns of a caller who says the same under the same id, and who need not say who speaks", async () => {
  const { url } = await serve({ text: "Yes?" }, { text: "Yes." });
  await run(url);
  expect((await run(url)).status).toBe("completed");
  expect((await stored()).map(({ id, role }) => (role === "user" ? id : role))).toEqual([
    "msg_1",
    "assistant",
    "msg_1~2",
    "assistant",
  ]);
});
