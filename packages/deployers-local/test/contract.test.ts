import { setTimeout as delay } from "node:timers/promises";
import { AgentApp, text } from "@agentscope-runtime/core";
import type { LocalDeployManager } from "@agentscope-runtime/deployers-local";
import { deployManagerSuite } from "@agentscope-runtime/testing";
import { fixture, State } from "./support/state.ts";

const quiet = { log: { level: "silent" } } as const;
const app = new AgentApp({ name: "Echo", ...quiet }).query(text(), async function* () {
  yield "one ";
  await delay(250);
  yield "two";
});

deployManagerSuite("LocalDeployManager, in process,", {
  create: async () => (await State.create()).manager(),
  deployable: () => ({ app }),
  broken: () => ({
    app: new AgentApp({ name: "Broken", ...quiet }).init(() => Promise.reject(new Error("no database"))),
  }),
});

const states = new WeakMap<LocalDeployManager, State>();

deployManagerSuite("LocalDeployManager, detached,", {
  create: async () => {
    const state = await State.create();
    const manager = state.manager();
    states.set(manager, state);
    return manager;
  },
  deployable: () => ({ app, options: { entry: fixture("echo.ts") } }),
  broken: () => ({ app, options: { entry: fixture("throwing.ts") } }),
  reopen: (manager) => states.get(manager as LocalDeployManager)?.manager() ?? manager,
});
