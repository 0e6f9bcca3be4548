import { join } from "node:path";
import { agentscope, SessionHistoryMemory, toCallerOptions } from "@agentscope-runtime/adapters-agentscope";
import {
  executePythonCode,
  ReActAgent,
  streamPrintingMessages,
  Toolkit,
} from "@agentscope-runtime/agentscope";
import { AgentApp } from "agentscope-runtime";
import {
  SqliteDatabase,
  SqliteRunStore,
  SqliteSessionHistoryService,
  SqliteStateService,
} from "agentscope-runtime/sqlite";
import { chooseModel } from "./choose-model.ts";

/** Which model answers, and why that one. */
export const choice = chooseModel(process.env);

/** Where Friday remembers: state, history and runs, for as long as the file is there. */
const { DATA_DIR = join(import.meta.dirname, "..", ".data") } = process.env;
const database = new SqliteDatabase({ path: join(DATA_DIR, "friday.db") });

export const app = new AgentApp({
  name: "Friday",
  description: "A helpful assistant",
  // After a crash, a client waits this long at the most to be told.
  runStore: new SqliteRunStore({ database, leaseTtl: 3000 }),
})
  .init(async () => {
    const state = new SqliteStateService({ database });
    const history = new SqliteSessionHistoryService({ database });
    await Promise.all([state.start(), history.start()]);
    return { state, history };
  })
  .services(({ state, history }) => ({ state, history }))
  .shutdown(({ state, history }) => Promise.all([state.stop(), history.stop()]))
  .query(agentscope(), async function* ({ msgs, request, session, resources: { state, history }, signal }) {
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
        task: (s) => agent.reply(msgs, { ...toCallerOptions(request), signal: s }),
        signal,
      });
    } finally {
      await state.saveState(session, agent.stateDict());
    }
  });
