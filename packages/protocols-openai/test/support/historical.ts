import {
  type AgentApp,
  type AgentAppOptions,
  InMemorySessionHistoryService,
  text,
} from "@agentscope-runtime/core";
import { openaiApp } from "./serve.ts";

/** An app whose agent keeps a history, and answers with all user texts of the conversation: `One|Two`. */
export function historicalApp(
  options: Partial<AgentAppOptions> = {},
  history: InMemorySessionHistoryService = new InMemorySessionHistoryService(),
): AgentApp<{ readonly history: InMemorySessionHistoryService }> {
  return openaiApp(options)
    .init(async () => {
      await history.start();
      return { history };
    })
    .services((resources) => resources)
    .query(text(), async function* ({ session, resources }) {
      const { items } = await resources.history.getMessages(session, { limit: 1000 });
      const slots = items.filter(({ role }) => role === "user").flatMap(({ content }) => content ?? []);
      yield slots.map((slot) => (slot.type === "text" ? slot.text : "")).join("|");
    });
}
