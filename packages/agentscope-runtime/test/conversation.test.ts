import { InMemorySessionHistoryService, text } from "agentscope-runtime";
import { expect, it } from "vitest";
import { a2aClient, agUiClient, openaiClient, say, stateOf } from "./support/clients.ts";
import { everyProtocol, serve } from "./support/serve.ts";

it("a conversation begins over A2A, goes on over Responses, and is read over AG-UI", async () => {
  const history = new InMemorySessionHistoryService();
  const app = everyProtocol()
    .init(() => history.start())
    .services(() => ({ history }))
    .query(text(), async ({ msgs, session }) => {
      const { items } = await history.getMessages(session);
      const [slot] = msgs.at(-1)?.content ?? [];
      return `After ${items.length} messages: ${slot?.type === "text" ? slot.text : "nothing"}`;
    });
  const url = await serve(app);

  const task = await (await a2aClient(url)).sendMessage(say("Hello.", { contextId: "talk" }));
  if (!("artifacts" in task)) throw new Error("The answer is no task.");
  expect([stateOf(task), task.contextId]).toEqual(["TASK_STATE_COMPLETED", "talk"]);

  const second = await openaiClient(url).responses.create({
    model: "Friday",
    previous_response_id: task.id,
    input: "And now?",
  });
  expect(second).toMatchObject({ status: "completed", output_text: "After 3 messages: And now?" });

  const reader = agUiClient(url, { path: "/ag-ui/connect", threadId: "talk" });
  await reader.ask();
  expect(reader.talk).toEqual([
    ["user", "Hello."],
    ["assistant", "After 1 messages: Hello."],
    ["user", "And now?"],
    ["assistant", "After 3 messages: And now?"],
  ]);
});
