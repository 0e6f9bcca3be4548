import type { AgentRegistry, RegisteredAgent } from "../contracts/agent-registry.ts";

/** An {@link AgentRegistry} in this process: agents that are known beforehand, and those that are served here. */
export class StaticAgentRegistry implements AgentRegistry {
  readonly name: string = "static";
  readonly #agents = new Map<string, RegisteredAgent>();

  constructor(agents: readonly RegisteredAgent[] = []) {
    for (const agent of agents) this.#agents.set(agent.name, agent);
  }

  async register(agent: RegisteredAgent): Promise<void> {
    this.#agents.set(agent.name, agent);
  }

  async deregister({ name }: RegisteredAgent): Promise<void> {
    this.#agents.delete(name);
  }

  async list(): Promise<readonly RegisteredAgent[]> {
    return [...this.#agents.values()];
  }
}
