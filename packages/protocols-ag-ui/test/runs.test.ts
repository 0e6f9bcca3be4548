import type { ResumeEntry, Tool } from "@ag-ui/core";
import { type AgentPart, type HandlerContext, text } from "@agentscope-runtime/core";
import { agUiInputOf } from "@agentscope-runtime/protocols-ag-ui";
import { describe, expect, it } from "vitest";
import { clientOf } from "./support/client.ts";
import { agUiApp, parts, scriptedApp, serve } from "./support/serve.ts";

const script: AgentPart[] = [
  { kind: "step", name: "plan", status: "started" },
  { kind: "reasoning-delta", messageId: "M1", text: "Hm." },
  { kind: "text-delta", messageId: "M1", text: "Let me " },
  { kind: "text-delta", messageId: "M1", text: "see." },
  { kind: "step", name: "plan", status: "finished" },
  { kind: "state-snapshot", snapshot: { city: "Paris", notes: ["a long note about it"] } },
  { kind: "tool-call", callId: "call_1", name: "weather", messageId: "M1" },
  { kind: "tool-arguments-delta", callId: "call_1", text: '{"city":' },
  { kind: "tool-arguments-delta", callId: "call_1", text: '"Paris"}' },
  { kind: "tool-result", callId: "call_1", output: "Sunny" },
  { kind: "state-snapshot", snapshot: { city: "Paris", notes: ["a long note about it"], sky: "blue" } },
  { kind: "state-patch", patch: [{ op: "remove", path: "/city" }] },
  { kind: "text-delta", messageId: "M2", text: "Sunny!" },
  { kind: "usage", usage: { input_tokens: 5, output_tokens: 3, reasoning_tokens: 1, cached_tokens: 2 } },
];

describe.each([false, true])("a run with all there is (binary: %s)", (binary) => {
  it("reaches the SDK's client in a legal order, its texts, calls and state whole", async () => {
    const client = clientOf(await serve(scriptedApp(script)));
    client.binary = binary;
    expect(await client.say("Hi", { runId: "run_1" })).toEqual([
      "RUN_STARTED",
      "STEP_STARTED",
      "REASONING_START",
      "REASONING_MESSAGE_START",
      "REASONING_MESSAGE_CONTENT",
      "REASONING_MESSAGE_END",
      "REASONING_END",
      "TEXT_MESSAGE_START",
      "TEXT_MESSAGE_CONTENT",
      "STEP_FINISHED",
      "STATE_SNAPSHOT",
      "TEXT_MESSAGE_END",
      "TOOL_CALL_START",
      "TOOL_CALL_ARGS",
      "TOOL_CALL_END",
      "TOOL_CALL_RESULT",
      "STATE_DELTA",
      "TEXT_MESSAGE_START",
      "TEXT_MESSAGE_CONTENT",
      "TEXT_MESSAGE_END",
      "RUN_FINISHED",
    ]);
    const ids = { threadId: client.threadId, runId: "run_1" };
    expect(client.events[0]).toEqual({ type: "RUN_STARTED", ...ids, protocolVersion: "1.0" });
    expect(client.talk).toEqual([
      ["user", "Hi"],
      ["reasoning", "Hm."],
      ["assistant", "Let me see."],
      ["assistant", undefined],
      ["tool", "Sunny"],
      ["assistant", "Sunny!"],
    ]);
    expect(client.messages[3]).toMatchObject({
      toolCalls: [{ id: "call_1", function: { name: "weather", arguments: '{"city":"Paris"}' } }],
    });
    expect(client.state).toEqual({ notes: ["a long note about it"], sky: "blue" });
    expect(client.end).toEqual({
      type: "RUN_FINISHED",
      ...ids,
      outcome: { type: "success" },
      usage: [{ inputTokens: 5, outputTokens: 3, totalTokens: 8, reasoningTokens: 1, cachedInputTokens: 2 }],
    });
  });
});

it("is text for those who take anything, and binary for those who name it only", async () => {
  const url = `${await serve(scriptedApp(script))}/ag-ui`;
  const typeOf = async (accept: string) => {
    const body = JSON.stringify({ threadId: "t", runId: crypto.randomUUID(), messages: [] });
    const headers = { "content-type": "application/json", accept };
    const answer = await fetch(url, { method: "POST", headers, body });
    await answer.arrayBuffer();
    return answer.headers.get("content-type");
  };
  expect(await typeOf("*/*")).toBe("text/event-stream; charset=utf-8");
  expect(await typeOf("application/*")).toBe("text/event-stream; charset=utf-8");
  const protobuf = "application/vnd.ag-ui.event+proto";
  expect(await typeOf(`text/event-stream, ${protobuf};q=0.5`)).toBe(protobuf);
  expect(await typeOf(`${protobuf};q=0`)).toBe("text/event-stream; charset=utf-8");
});

it("a run that fails ends with an error, what it has said being kept", async () => {
  const app = agUiApp().query(text(), async function* () {
    yield "part";
    throw new Error("secret");
  });
  const client = clientOf(await serve(app));
  await client.say("Hi");
  expect(client.end).toMatchObject({ type: "RUN_ERROR", code: "AGENT_UNKNOWN_ERROR" });
  expect(JSON.stringify(client.end)).not.toContain("secret");
  expect(client.talk.at(-1)).toEqual(["assistant", "part"]);
});

it("patches reach the client as they were made, and those that lead nowhere do not", async () => {
  const script: AgentPart[] = [
    { kind: "state-patch", patch: [{ op: "add", path: "/list", value: [] }] },
    { kind: "state-patch", patch: [{ op: "remove", path: "/nowhere" }] },
    { kind: "state-patch", patch: [{ op: "hop", path: "/list" }] },
    {
      kind: "state-patch",
      patch: [
        { op: "add", path: "/more", value: [] },
        { op: "add", path: "/more/-", value: 1 },
      ],
    },
  ];
  const client = clientOf(await serve(scriptedApp(script)));
  client.setState({ kept: true });
  expect(await client.say("Hi")).toEqual(["RUN_STARTED", "STATE_DELTA", "RUN_FINISHED"]);
  expect(client.state).toEqual({ kept: true, list: [], more: [1] });
});

it("what a tool has shown comes as parts, what it has returned as JSON", async () => {
  const image = { type: "image", source: { type: "url", url: "http://x/y.png" } };
  const sound = { type: "audio", source: { type: "base64", media_type: "audio/wav", data: "QUJD" } };
  const outputs = [
    [{ type: "text", text: "Look" }, image, sound],
    { n: 1 },
    [{ type: "text", text: "a" }, 5],
  ];
  const calls = outputs.flatMap((output, index): AgentPart[] => [
    { kind: "tool-call", callId: `call_${index}`, name: "look", arguments: "{}" },
    { kind: "tool-result", callId: `call_${index}`, output },
  ]);
  const client = clientOf(await serve(scriptedApp(calls)));
  client.binary = true;
  await client.say("Hi");
  expect(client.talk.filter(([role]) => role === "tool").map(([, content]) => content)).toEqual([
    [
      { type: "text", text: "Look" },
      { type: "image", source: { type: "url", value: "http://x/y.png" } },
      { type: "audio", source: { type: "data", value: "QUJD", mimeType: "audio/wav" } },
    ],
    '{"n":1}',
    '[{"type":"text","text":"a"},5]',
  ]);
});

it.each([
  ["rejected", { type: "RUN_ERROR", code: "rejected" }],
  ["max_output_tokens", { type: "RUN_ERROR", code: "max_output_tokens" }],
  ["stop", { type: "RUN_FINISHED", outcome: { type: "success" } }],
] as const)("a run that ends for the reason %s says so", async (reason, end) => {
  const client = clientOf(await serve(scriptedApp([{ kind: "finish", reason }])));
  await client.say("Hi");
  expect(client.end).toMatchObject(end);
});

describe("what the client sends", () => {
  async function sent(send: (client: ReturnType<typeof clientOf>) => Promise<unknown>) {
    const seen: Pick<HandlerContext<unknown, unknown>, "request" | "session" | "msgs">[] = [];
    const app = agUiApp().query(parts(), function* (context): Generator<AgentPart> {
      seen.push(context);
      yield { kind: "text-delta", messageId: crypto.randomUUID(), text: "ok" };
    });
    const client = clientOf(await serve(app), { threadId: "thread_1" });
    await send(client);
    return seen.at(-1) as (typeof seen)[number];
  }

  it("reaches the handler: tools typed on the request, state, context and properties under ag_ui", async () => {
    const tools: Tool[] = [
      { name: "ask", description: "Asks", parameters: { type: "object", properties: {} } },
    ];
    const context = [{ description: "page", value: "/home" }];
    const { request, session } = await sent(async (client) => {
      client.setState({ n: 1 });
      await client.say("Hi", { runId: "run_1", tools, context, forwardedProps: { theme: "dark", x: null } });
    });
    expect(request.tools).toEqual([
      {
        type: "function",
        function: { name: "ask", description: "Asks", parameters: { type: "object", properties: {} } },
      },
    ]);
    expect(agUiInputOf(request)).toEqual({
      state: { n: 1 },
      context,
      forwardedProps: { theme: "dark", x: null },
      resume: [],
    });
    expect(request.id).toBe("run_1");
    expect(session).toMatchObject({ userId: "thread_1", sessionId: "thread_1" });
  });

  it("is put into the words of the Agent API", async () => {
    const { request } = await sent(async (client) => {
      client.setMessages([
        { id: "d", role: "developer", content: "Be kind." },
        {
          id: "u",
          role: "user",
          content: [
            { type: "text", text: "Look" },
            { type: "image", source: { type: "url", value: "http://x/y.png" } },
            { type: "image", source: { type: "data", value: "QUJD", mimeType: "image/png" } },
            { type: "audio", source: { type: "data", value: "QUJD", mimeType: "audio/mp3" } },
            { type: "video", source: { type: "url", value: "http://x/y.mp4" } },
            { type: "document", source: { type: "file", value: "file_1" }, metadata: { filename: "a.pdf" } },
          ],
        },
        { id: "r", role: "reasoning", content: "Hm." },
        {
          id: "a",
          role: "assistant",
          content: "So",
          toolCalls: [
            { id: "c1", type: "function", function: { name: "ask", arguments: "{}" } },
            { id: "c2", type: "function", function: { name: "own", arguments: "{}" } },
          ],
        },
        { id: "t1", role: "tool", toolCallId: "c1", content: "yes" },
        { id: "t2", role: "tool", toolCallId: "c2", content: "no", error: "broken" },
      ]);
      await client.ask({ tools: [{ name: "ask", description: "Asks" }] });
    });
    const seen = request.input.map(({ id, type, role, content }) => [id, type, role, content?.map(bare)]);
    expect(seen).toEqual([
      ["d", "message", "system", [{ type: "text", text: "Be kind." }]],
      [
        "u",
        "message",
        "user",
        [
          { type: "text", text: "Look" },
          { type: "image", image_url: "http://x/y.png" },
          { type: "image", image_url: "data:image/png;base64,QUJD" },
          { type: "audio", data: "QUJD", format: "mp3" },
          { type: "video", video_url: "http://x/y.mp4" },
          { type: "file", file_id: "file_1", filename: "a.pdf" },
        ],
      ],
      ["r", "reasoning", "assistant", [{ type: "text", text: "Hm." }]],
      ["a", "message", "assistant", [{ type: "text", text: "So" }]],
      ["msg_c1", "function_call", "assistant", [data({ call_id: "c1", name: "ask", arguments: "{}" })]],
      ["msg_c2", "plugin_call", "assistant", [data({ call_id: "c2", name: "own", arguments: "{}" })]],
      ["t1", "function_call_output", "tool", [data({ call_id: "c1", name: "ask", output: '"yes"' })]],
      [
        "t2",
        "plugin_call_output",
        "tool",
        [data({ call_id: "c2", name: "own", output: '{"error":"broken","content":"no"}' })],
      ],
    ]);
  });

  const data = (body: object) => ({ type: "data", data: body });
  const bare = (slot: object) => {
    const place = ["object", "status", "error", "index", "delta", "msg_id", "sequence_number"];
    return Object.fromEntries(
      Object.entries(slot).filter(([key, value]) => value !== null && !place.includes(key)),
    );
  };
});

describe("a tool of the client's", () => {
  const tools = [{ name: "confirm", description: "Asks the user" }];
  const app = () =>
    agUiApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
      const answer = msgs.find(({ type }) => type === "function_call_output");
      if (answer === undefined && request.tools?.some((tool) => tool.function?.name === "confirm")) {
        yield { kind: "text-delta", messageId: "M1", text: "May I?" };
        yield { kind: "tool-call", callId: "own", name: "look", arguments: "{}" };
        yield { kind: "tool-result", callId: "own", output: [{ type: "text", text: "seen" }] };
        const call = { kind: "tool-call", name: "confirm", toolType: "function", arguments: "{}" } as const;
        yield { ...call, callId: "call_1" };
        yield { ...call, callId: "call_2" };
      } else {
        const data = msgs.map(({ content }) => content?.[0]?.type === "data" && content[0].data?.output);
        yield { kind: "text-delta", messageId: "M2", text: `${data}` };
      }
    });

  it("that is called ends the turn, and its result continues it", async () => {
    const client = clientOf(await serve(app()));
    await client.say("Go", { tools });
    expect(client.end.outcome).toEqual({ type: "success", pendingToolCallIds: ["call_1", "call_2"] });
    client.addMessages([
      { id: "t1", role: "tool", toolCallId: "call_1", content: "yes" },
      { id: "t2", role: "tool", toolCallId: "call_2", content: "no" },
    ]);
    await client.ask({ tools });
    expect(client.end.outcome).toEqual({ type: "success" });
    expect(client.talk.at(-1)).toEqual(["assistant", '"yes","no"']);
  });
});

describe("a run that waits for a person", () => {
  const ask: AgentPart[] = [
    { kind: "state-snapshot", snapshot: { mails: 1 } },
    { kind: "tool-call", callId: "call_1", name: "send", arguments: '{"to":"bob"}' },
    { kind: "approval-request", requestId: "call_1", name: "send", arguments: '{"to":"bob"}' },
    { kind: "approval-request", requestId: "ask_2", name: "pay", arguments: "{}", serverLabel: "bank" },
    { kind: "finish", reason: "input_required" },
  ];
  const seen: unknown[] = [];
  const app = () =>
    agUiApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
      if (request.continues === undefined) {
        yield* ask;
        return;
      }
      seen.push(msgs.map(({ type, content }) => [type, content?.[0]?.type === "data" && content[0].data]));
      seen.push(agUiInputOf(request)?.resume);
      if (JSON.stringify(msgs).includes("break")) throw new Error("broken");
      yield { kind: "tool-result", callId: "call_1", output: "sent" };
      yield { kind: "text-delta", messageId: "M2", text: "done" };
    });

  it("ends with interrupts, and resumes with the answers", async () => {
    const client = clientOf(await serve(app()));
    await client.say("Mail bob", { runId: "run_1" });
    expect(client.events.at(-2)).toEqual({ type: "STATE_SNAPSHOT", snapshot: { mails: 1 } });
    expect(client.pendingInterrupts).toEqual([
      {
        id: "call_1",
        reason: "tool_call",
        toolCallId: "call_1",
        message: "May send be called?",
        responseSchema: expect.objectContaining({ required: ["approved"] }),
        metadata: { name: "send", arguments: '{"to":"bob"}' },
      },
      expect.objectContaining({
        id: "ask_2",
        reason: "confirmation",
        metadata: { name: "pay", arguments: "{}", server_label: "bank" },
      }),
    ]);
    const resume: ResumeEntry[] = [
      { interruptId: "call_1", status: "resolved", payload: { approved: true, reason: "sure" } },
      { interruptId: "ask_2", status: "cancelled" },
    ];
    await client.ask({ resume });
    const [messages, entries] = seen.slice(-2);
    expect(messages).toEqual([
      ["mcp_approval_response", { approval_request_id: "call_1", approve: true, id: null, reason: "sure" }],
      [
        "mcp_approval_response",
        {
          approval_request_id: "ask_2",
          approve: false,
          id: null,
          reason: "The question was not answered.",
        },
      ],
    ]);
    expect(entries).toEqual(resume);
    expect(client.pendingInterrupts).toEqual([]);
    expect(client.talk).toEqual([
      ["user", "Mail bob"],
      ["assistant", undefined],
      ["tool", "sent"],
      ["assistant", "done"],
    ]);
    await client.say("Thanks");
    expect(client.end.outcome).toMatchObject({ type: "interrupt" });
  });

  it("can be asked again where the run that heard the answer has failed", async () => {
    const client = clientOf(await serve(app()));
    await client.say("Mail bob");
    const [first, second] = ["call_1", "ask_2"].map(
      (interruptId): ResumeEntry => ({ interruptId, status: "resolved", payload: true }),
    ) as [ResumeEntry, ResumeEntry];
    await client.ask({ resume: [{ ...first, payload: { approved: false, reason: "break" } }, second] });
    expect(client.end.type).toBe("RUN_ERROR");
    expect(client.pendingInterrupts).toHaveLength(2);
    await client.ask({ resume: [first, second] });
    expect(client.talk.at(-1)).toEqual(["assistant", "done"]);
  });

  it("is not passed over: a run that leaves a question open is refused", async () => {
    const client = clientOf(await serve(app()));
    await client.say("Mail bob");
    client.pendingInterrupts = [];
    const resume: ResumeEntry[] = [{ interruptId: "call_1", status: "cancelled" }];
    for (const parameters of [{}, { resume }]) {
      const refused = client.ask(parameters);
      await expect(refused).rejects.toMatchObject({
        status: 400,
        payload: { error: { code: "INVALID_PARAMETER", details: { open_interrupts: expect.any(Array) } } },
      });
    }
  });

  it("that asks no question in particular is answered in words, by the run's id", async () => {
    const asking = agUiApp().query(parts(), function* ({ msgs, request }): Generator<AgentPart> {
      const [slot] = msgs.at(-1)?.content ?? [];
      const answer = slot?.type === "text" ? slot.text : "";
      yield { kind: "text-delta", messageId: crypto.randomUUID(), text: `Who? ${answer}` };
      if (request.continues === undefined) yield { kind: "finish", reason: "auth_required" };
    });
    const client = clientOf(await serve(asking));
    await client.say("Hi", { runId: "run_1" });
    expect(client.pendingInterrupts).toEqual([{ id: "run_1", reason: "agentscope:auth_required" }]);
    await client.ask({ resume: [{ interruptId: "run_1", status: "resolved", payload: "Bob" }] });
    expect(client.talk.at(-1)).toEqual(["assistant", "Who? Bob"]);
  });

  it("answers that nobody waits for do not matter", async () => {
    const client = clientOf(await serve(agUiApp().query(text(), () => "ok")));
    const resume: ResumeEntry[] = [{ interruptId: "nobody", status: "resolved", payload: true }];
    await client.say("Hi", { resume });
    expect(client.talk.at(-1)).toEqual(["assistant", "ok"]);
  });
});
