import { agentscope, SessionHistoryMemory } from "@agentscope-runtime/adapters-agentscope";
import {
  executePythonCode,
  ReActAgent,
  streamPrintingMessages,
  Toolkit,
} from "@agentscope-runtime/agentscope";
import { AgentApp, InMemorySessionHistoryService, InMemoryStateService } from "agentscope-runtime";
import { chooseModel } from "./choose-model.ts";

/** Which model answers, and why that one. */
export const choice = chooseModel(process.env);

export const app = new AgentApp({ name: "Friday", description: "A helpful assistant" })
  .init(async () => {
    const state = new InMemoryStateService();
    const history = new InMemorySessionHistoryService();
    await Promise.all([state.start(), history.start()]);
    return { state, history };
  })
  .shutdown(({ state, history }) => Promise.all([state.stop(), history.stop()]))
  .query(agentscope(), async function* ({ msgs, session, resources: { state, history }, signal }) {
    const agent = new ReActAgent({
      name: "Friday",
      sysPrompt: "You're a helpful assistant named Friday.",
      model: choice.model,
      toolkit: new Toolkit().registerToolFunction(executePythonCode),
      memory: new SessionHistoryMemory({ service: history, session }),
    });
    agent.loadStateDict(await state.exportState(session));
    try {
      yield* streamPrintingMessages({
        agents: [agent],
        task: (s) => agent.reply(msgs, { signal: s }),
        signal,
      });
    } finally {
      await state.saveState(session, agent.stateDict());
    }
  });
