import type { ProtocolAdapter } from "@agentscope-runtime/core";

export interface AgUiProtocolOptions {
  /** Where the app's own agent is. Defaults to `/ag-ui`; hosted agents have the same below `/agents/<name>`. */
  readonly path?: string | undefined;
  /**
   * What becomes of a run when its client closes the connection, which is how clients of AG-UI stop an agent. `cancel`,
   * the default, gives it some seconds to connect to the thread again.
   */
  readonly onDisconnect?: "continue" | "cancel" | undefined;
}

/** Serves the agents of an app to front ends that speak AG-UI, out of the same runs as all protocols. */
export function agUi(options: AgUiProtocolOptions = {}): ProtocolAdapter {
  return {
    name: "ag-ui",
    register: async (fastify, context) => {
      // The SDK takes long to load, and is of no use before there is a server.
      const { serveAgUi } = await import("./serve-ag-ui.ts");
      serveAgUi(fastify, context, options);
    },
  };
}
