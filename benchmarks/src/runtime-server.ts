import { agentscope } from "@agentscope-runtime/adapters-agentscope";
import { AgentApp } from "@agentscope-runtime/core";
import { type Pace, snapshots } from "./script.ts";

/** Ours, with all its checks and its log on. */
export async function startRuntimeServer(port: number): Promise<void> {
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } }).query(
    agentscope(),
    ({ request, signal }) => snapshots((request.pace as Pace | undefined) ?? "turns", signal),
  );
  await app.listen({ port });
}
