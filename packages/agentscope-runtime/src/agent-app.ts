import { type AgentAppOptions, AgentApp as CoreAgentApp } from "@agentscope-runtime/core";
import { a2a } from "@agentscope-runtime/protocols-a2a";
import { agUi } from "@agentscope-runtime/protocols-ag-ui";
import { mcp } from "@agentscope-runtime/protocols-mcp";
import { openai } from "@agentscope-runtime/protocols-openai";

/** The app of `@agentscope-runtime/core`, with every protocol on unless `protocols` names others. */
export class AgentApp<Resources = undefined> extends CoreAgentApp<Resources> {
  constructor(options: AgentAppOptions) {
    super({ ...options, protocols: options.protocols ?? [openai(), a2a(), agUi(), mcp()] });
  }
}
