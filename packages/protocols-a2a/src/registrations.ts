import { setTimeout as sleep } from "node:timers/promises";
import {
  type AgentRegistry,
  backoffDelay,
  type Logger,
  type RegisteredAgent,
} from "@agentscope-runtime/core";

export interface RegistrationsOptions {
  readonly registries: readonly AgentRegistry[];
  readonly agents: () => Promise<readonly RegisteredAgent[]>;
  readonly log: Logger;
}

/** Makes agents known to registries as long as they are served. A registry that fails keeps nobody from serving them. */
export class Registrations {
  readonly #options: RegistrationsOptions;
  readonly #stopped = new AbortController();
  /** Each resolves to what takes back the registration, if there was one. */
  #registrations: readonly Promise<(() => Promise<void>) | undefined>[] = [];

  constructor(options: RegistrationsOptions) {
    this.#options = options;
  }

  /** Begins to register, again and again until it is done. */
  async start(): Promise<void> {
    const agents = await this.#options.agents();
    this.#registrations = this.#options.registries.flatMap((registry) =>
      agents.map((agent) => this.#register(registry, agent)),
    );
  }

  /** Takes back what was registered. Never rejects, and never takes long. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    const done = new AbortController();
    const late = sleep(PATIENCE, undefined, { signal: done.signal }).catch(() => undefined);
    await Promise.race([late, Promise.all(this.#registrations.map(async (made) => (await made)?.()))]);
    done.abort();
    this.#registrations = [];
  }

  async #register(
    registry: AgentRegistry,
    agent: RegisteredAgent,
  ): Promise<(() => Promise<void>) | undefined> {
    const { log } = this.#options;
    const about = { registry: registry.name, agent: agent.name };
    const { signal } = this.#stopped;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await registry.register(agent);
        log.info(about, "the agent was registered");
        return () => this.#deregister(registry, agent);
      } catch (error) {
        log.warn({ ...about, err: error }, "the agent could not be registered yet");
      }
      await sleep(backoffDelay({ maxDelay: 60_000 }, attempt), undefined, { signal }).catch(() => undefined);
    }
    return undefined;
  }

  async #deregister(registry: AgentRegistry, agent: RegisteredAgent): Promise<void> {
    try {
      await registry.deregister(agent);
    } catch (error) {
      const about = { registry: registry.name, agent: agent.name };
      this.#options.log.warn({ ...about, err: error }, "the agent could not be deregistered");
    }
  }
}

/** How long a server that closes waits for registries, in milliseconds. */
const PATIENCE = 3000;
