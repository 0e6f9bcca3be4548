import { AgentApp, InMemorySessionHistoryService, text } from "agentscope-runtime";
import { expect, onTestFinished, test, vi } from "vitest";

/** An app that tells how many messages its session's history has, or goes on until it is canceled. */
async function serve(): Promise<string> {
  const history = new InMemorySessionHistoryService();
  await history.start();
  const app = new AgentApp({ name: "Friday", log: { level: "silent" }, drainGrace: 50 })
    .services(() => ({ history }))
    .query(text(), async function* ({ msgs, session, signal }) {
      const { items } = await history.getMessages(session);
      const [slot] = msgs.at(-1)?.content ?? [];
      yield `After ${items.length} messages: ${slot?.type === "text" ? slot.text : "nothing"}`;
      if (slot?.type === "text" && slot.text === "Go on.") {
        await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      }
    });
  const running = await app.listen({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}

async function send(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
  return answer.json();
}

const a2a = { "a2a-version": "1.0" };
const a2aMessage = (words: string, contextId: string) => ({
  message: { messageId: crypto.randomUUID(), contextId, role: "ROLE_USER", parts: [{ text: words }] },
});

test("a conversation begins over A2A, goes on over Responses, and is read over AG-UI", async () => {
  const url = await serve();
  const first = (await send(`${url}/a2a/message:send`, a2aMessage("Hello.", "talk"), a2a)) as {
    task: { id: string; contextId: string; artifacts: { parts: { text?: string }[] }[] };
  };
  expect(first.task.contextId).toBe("talk");
  expect(JSON.stringify(first.task.artifacts)).toContain("After 1 messages: Hello.");

  const second = (await send(`${url}/v1/responses`, {
    model: "Friday",
    previous_response_id: first.task.id,
    input: "And now?",
  })) as { status: string; output: unknown };
  expect(second.status).toBe("completed");
  expect(JSON.stringify(second.output)).toContain("After 3 messages: And now?");

  const body = {
    threadId: "talk",
    runId: "reading",
    state: {},
    messages: [],
    tools: [],
    context: [],
    forwardedProps: {},
  };
  const read = await fetch(`${url}/ag-ui/connect`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(body),
  });
  const events = await read.text();
  for (const words of ["Hello.", "After 1 messages: Hello.", "And now?", "After 3 messages: And now?"]) {
    expect(events).toContain(words);
  }
});

interface Speaker {
  /** Starts a run that does not end by itself; what it gives is awaited by nobody. */
  start(url: string, id: string): Promise<unknown>;
  cancel?(url: string, id: string): Promise<unknown>;
}

const speakers: Readonly<Record<string, Speaker>> = {
  "the Agent API": {
    start: (url, id) => send(`${url}/process/task`, { id, session_id: id, input: userInput("Go on.") }),
    cancel: (url, id) => send(`${url}/runs/${id}/cancel`, {}),
  },
  Responses: {
    start: (url, id) =>
      send(`${url}/v1/responses`, { model: "Friday", input: "Go on.", user: id, background: true }),
    cancel: (url, id) => send(`${url}/v1/responses/${id}/cancel`, {}),
  },
  A2A: {
    start: (url, id) =>
      send(
        `${url}/a2a/message:send`,
        { ...a2aMessage("Go on.", id), configuration: { returnImmediately: true } },
        a2a,
      ),
    cancel: (url, id) => send(`${url}/a2a/tasks/${id}:cancel`, {}, a2a),
  },
  "AG-UI": {
    start: (url, id) =>
      fetch(`${url}/ag-ui`, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({
          threadId: id,
          runId: id,
          state: {},
          messages: [{ id: "1", role: "user", content: "Go on." }],
          tools: [],
          context: [],
          forwardedProps: {},
        }),
      }),
  },
};

const pairs = Object.keys(speakers).flatMap((starter) =>
  Object.entries(speakers).flatMap(([canceler, { cancel }]) =>
    cancel === undefined ? [] : [[starter, canceler]],
  ),
);

test.each(pairs)("a run started over %s is canceled over %s", async (starter, canceler) => {
  const url = await serve();
  await speakers[starter as keyof typeof speakers]?.start(url, "talk");
  const { id } = await vi.waitFor(async () => {
    const { data } = (await (await fetch(`${url}/runs?status=in_progress`)).json()) as {
      data: { id: string }[];
    };
    expect(data).toHaveLength(1);
    return data[0] as { id: string };
  });
  await speakers[canceler as keyof typeof speakers]?.cancel?.(url, id);
  await vi.waitFor(async () => {
    expect(await (await fetch(`${url}/runs/${id}`)).json()).toMatchObject({ status: "canceled" });
  });
});

function userInput(words: string): object[] {
  return [{ role: "user", content: [{ type: "text", text: words }] }];
}
