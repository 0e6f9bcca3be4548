import { AgentApp } from "agentscope-runtime";
import { agentscope } from "agentscope-runtime/agentscope";
import { snapshots, TOKENS } from "./script.ts";

/** Ours with every protocol on, whose agent says the same to everybody. Resolves to its port. */
export async function startProtocolsServer(): Promise<number> {
  const app = new AgentApp({ name: "Friday", log: { level: "silent" } }).query(agentscope(), ({ signal }) =>
    snapshots({ pace: "turns", count: TOKENS }, signal),
  );
  const { url } = await app.listen({ port: 0 });
  return Number(new URL(url).port);
}
