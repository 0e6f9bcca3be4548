import type { ResolvedAgentRequest } from "@agentscope-runtime/agent-api";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/** The request's input in the framework's own words; throws `INPUT_NOT_CONVERTIBLE` where there are none. */
export function toInput({ adapter }: HostedAgent, { input }: ResolvedAgentRequest): unknown {
  try {
    return adapter.toInput(input);
  } catch (error) {
    const message = `The ${adapter.name} adapter can't convert this input.`;
    throw RuntimeError.from(error, "INPUT_NOT_CONVERTIBLE", message);
  }
}
