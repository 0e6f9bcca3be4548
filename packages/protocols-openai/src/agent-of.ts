import { type HostedAgent, RuntimeError, type ServedAgent } from "@agentscope-runtime/core";

/** The agent that `model` names; where there is but one, it has any name. */
export function agentOf(model: string | null, agents: readonly ServedAgent[]): HostedAgent {
  const [first] = agents;
  const named = agents.find(({ name }) => name === model);
  const chosen = named ?? (model === null || agents.length === 1 ? first : undefined);
  if (chosen !== undefined) return chosen.agent();
  const names = agents.map(({ name }) => name).join(", ");
  const message = `The model '${model ?? ""}' does not exist; there is ${names === "" ? "none" : names}.`;
  throw new RuntimeError("RESOURCE_NOT_FOUND", message, {
    details: { param: "model", code: "model_not_found" },
  });
}
