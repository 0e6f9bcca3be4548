import type { Message } from "@agentscope-runtime/agent-api";
import {
  AgentApp,
  type AgentAppOptions,
  type AgentPart,
  type FrameworkAdapter,
} from "@agentscope-runtime/core";
import { type AgUiProtocolOptions, agUi } from "@agentscope-runtime/protocols-ag-ui";
import { onTestFinished } from "vitest";

/** An app named Friday that speaks AG-UI and logs nothing. */
export function agUiApp(options: Partial<AgentAppOptions> & { agUi?: AgUiProtocolOptions } = {}): AgentApp {
  const { agUi: protocol, ...others } = options;
  return new AgentApp({
    name: "Friday",
    log: { level: "silent" },
    drainGrace: 50,
    protocols: [agUi(protocol)],
    ...others,
    streams: { disconnectGrace: 20, ...others.streams },
    runs: { cancelGrace: 50, settleTimeout: 200, ...others.runs },
  });
}

/** A framework whose stream is made of the parts themselves. */
export function parts(): FrameworkAdapter<readonly Message[], AgentPart> {
  return {
    name: "parts",
    toInput: (messages) => messages,
    isYield: (value): value is AgentPart => typeof value === "object" && value !== null && "kind" in value,
    fromStream: (emit) => ({ push: emit, end: () => undefined }),
  };
}

/** An app that answers each request with those parts. */
export function scriptedApp(
  script: readonly AgentPart[],
  options: Parameters<typeof agUiApp>[0] = {},
): AgentApp {
  return agUiApp(options).query(parts(), function* (): Generator<AgentPart> {
    yield* script;
  });
}

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<string> {
  const running = await app.run({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}
