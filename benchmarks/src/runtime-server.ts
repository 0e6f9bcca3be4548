import { agentscope } from "@agentscope-runtime/adapters-agentscope";
import { AgentApp, type RunStore } from "@agentscope-runtime/core";
import { type Pace, snapshots, TOKENS } from "./script.ts";

/** Ours, with all its checks and its log on. Resolves to its port. */
export async function startRuntimeServer(runStore?: RunStore): Promise<number> {
  const app = new AgentApp({ name: "Friday", log: { level: "silent" }, runStore }).query(
    agentscope(),
    ({ request, signal }) =>
      snapshots({ pace: request.pace as Pace, count: Number(request.count ?? TOKENS) }, signal),
  );
  const { url } = await app.listen({ port: 0 });
  return Number(new URL(url).port);
}
