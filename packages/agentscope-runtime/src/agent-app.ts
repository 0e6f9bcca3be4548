import { type AgentAppOptions, AgentApp as CoreAgentApp } from "@agentscope-runtime/core";
import { openai } from "@agentscope-runtime/protocols-openai";

/** The app of `@agentscope-runtime/core`, with every protocol on unless `protocols` names others. */
export class AgentApp<Resources = undefined> extends CoreAgentApp<Resources> {
  constructor(options: AgentAppOptions) {
    super({ ...options, protocols: options.protocols ?? [openai()] });
  }
}
