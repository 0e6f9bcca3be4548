import { setTimeout as sleep } from "node:timers/promises";
import { AgentApp, text } from "@agentscope-runtime/core";
import {
  RedisConnection,
  RedisRunStore,
  RedisSessionHistoryService,
  RedisStateService,
} from "@agentscope-runtime/services-redis";
import { readSettings } from "./settings.ts";

const connection = new RedisConnection({ url: readSettings(process.env).redisUrl });

/** An agent that counts the turns of a session and talks slowly, so that there is time to watch it from elsewhere. */
export const app = new AgentApp({
  name: "Counter",
  description: "Counts the turns of a session",
  runStore: new RedisRunStore({ connection }),
})
  .init(async () => {
    const state = new RedisStateService({ connection });
    const history = new RedisSessionHistoryService({ connection });
    await Promise.all([state.start(), history.start()]);
    return { state, history };
  })
  .services(({ state, history }) => ({ state, history }))
  .shutdown(({ state, history }) => Promise.all([state.stop(), history.stop()]))
  .query(text(), async function* ({ session, signal, resources: { state } }) {
    const { turns = 0 } = ((await state.exportState(session)) ?? {}) as { turns?: number };
    const turn = turns + 1;
    for (const word of `This is turn ${turn}, told by process ${process.pid}, one word at a time.`.split(
      " ",
    )) {
      yield `${word} `;
      await sleep(100, undefined, { signal });
    }
    await state.saveState(session, { turns: turn });
  });
