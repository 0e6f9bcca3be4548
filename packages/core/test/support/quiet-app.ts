import { AgentApp, type AgentAppOptions } from "@agentscope-runtime/core";

/** An app named Friday that logs nothing, with limits that make a test wait for little. */
export function quietApp(options: Partial<AgentAppOptions> = {}): AgentApp {
  return new AgentApp({
    name: "Friday",
    log: { level: "silent" },
    drainGrace: 50,
    ...options,
    runs: { cancelGrace: 50, settleTimeout: 200, ...options.runs },
  });
}
