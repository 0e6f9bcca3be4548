import { agentscope, SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
import type { AgentResponse, Message } from "@agentscope-runtime/agent-api";
import { OpenAIChatModel, ReActAgent, streamPrintingMessages } from "@agentscope-runtime/agentscope";
import { AgentApp, InMemorySessionHistoryService, InMemoryStateService } from "@agentscope-runtime/core";
import { FakeModelServer } from "@agentscope-runtime/testing";
import { expect, it, onTestFinished } from "vitest";

/** The address of an agent that keeps its history and its state itself. */
async function serve(): Promise<string> {
  const call = { name: "count", arguments: {} };
  const server = await FakeModelServer.start({
    replies: [
      { reasoning: ["Hm", "m"], text: "Let me see.", toolCalls: [call, call] },
      { text: ["It is", " 3."] },
      { text: "Bye." },
    ],
  });
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } })
    .init(async () => {
      const state = new InMemoryStateService();
      const history = new InMemorySessionHistoryService();
      await Promise.all([state.start(), history.start()]);
      return { state, history };
    })
    .query(agentscope(), async function* ({ msgs, session, resources: { state, history }, signal }) {
      const agent = new ReActAgent({
        name: "Friday",
        sysPrompt: "",
        model: new OpenAIChatModel("fake", { apiKey: "sk-test", baseURL: server.url, maxRetries: 0 }),
        memory: new SessionHistoryMemory({ service: history, session }),
      });
      yield* streamPrintingMessages({
        agents: [agent],
        task: (task) => agent.reply(msgs, { signal: task }),
        signal,
      });
      await state.saveState(session, agent.stateDict());
    });
  const { url, close } = await app.run({ port: 0 });
  onTestFinished(async () => {
    await close();
    await server[Symbol.asyncDispose]();
  });
  return url;
}

async function say(url: string, words: string): Promise<AgentResponse> {
  const answer = await fetch(`${url}/process`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      input: [{ role: "user", content: [{ type: "text", text: words }] }],
      session_id: "s1",
      user_id: "Alice",
      stream: false,
    }),
  });
  return (await answer.json()) as AgentResponse;
}

const inShort = ({ id, type, role, status, content }: Message) => ({
  id,
  type,
  role,
  status,
  content: content?.map(({ sequence_number, ...slot }) => slot),
});

it("shows the same messages in a session as its runs have in their logs, and deletes both", async () => {
  const url = await serve();
  const outputs = [await say(url, "1 + 2?"), await say(url, "Thanks.")].map(({ output }) => output ?? []);
  const stored: Message[] = [];
  let cursor = "";
  do {
    const at = `${url}/sessions/s1/messages?user_id=Alice&limit=3${cursor}`;
    const { data, next_cursor } = (await (await fetch(at)).json()) as {
      data: Message[];
      next_cursor: string | null;
    };
    stored.push(...data);
    cursor = next_cursor === null ? "" : `&cursor=${next_cursor}`;
  } while (cursor !== "");
  const said = stored.filter(({ role }) => role !== "user");
  expect(said.length).toBeGreaterThan(6);
  expect(said.map(inShort)).toEqual(outputs.flat().map(inShort));

  const at = `${url}/sessions/s1?user_id=Alice`;
  expect(await (await fetch(at)).json()).toMatchObject({ message_count: stored.length });
  expect((await fetch(at, { method: "DELETE" })).status).toBe(204);
  expect((await fetch(at)).status).toBe(404);
  expect(await (await fetch(`${url}/runs?session_id=s1`)).json()).toMatchObject({ data: [] });
});
