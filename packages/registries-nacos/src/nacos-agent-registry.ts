import { type AgentRegistry, type RegisteredAgent, RuntimeError } from "@agentscope-runtime/core";
import { fromNacosCard, urlsOf } from "./from-nacos-card.ts";
import type { NacosAgentRegistryOptions } from "./nacos-agent-registry-options.ts";
import { NacosAgents } from "./nacos-agents.ts";
import { RepeatedCheck } from "./repeated-check.ts";
import { type NacosCard, toNacosCard } from "./to-nacos-card.ts";

/** An {@link AgentRegistry} in Nacos 3.1 or later. Nothing is asked of it before the first call. */
export class NacosAgentRegistry implements AgentRegistry {
  readonly name: string = "nacos";
  readonly #agents: NacosAgents;
  readonly #setAsLatest: boolean;
  readonly #checkInterval: number;
  readonly #checks = new Map<string, RepeatedCheck>();

  /** Throws `CONFIGURATION_ERROR` for options that don't go together. */
  constructor(options: NacosAgentRegistryOptions) {
    this.#agents = new NacosAgents(options);
    this.#setAsLatest = options.setAsLatest ?? true;
    this.#checkInterval = options.checkInterval ?? 15_000;
  }

  /** Makes a version of an agent known, and sees to it that it stays so; replaces that version and no other. */
  async register(agent: RegisteredAgent): Promise<void> {
    const card = toNacosCard(agent.card);
    await this.#stopCheck(card);
    await this.#publish(card);
    await this.#stopCheck(card);
    this.#checks.set(
      keyOf(card),
      new RepeatedCheck((signal) => this.#check(card, signal), this.#checkInterval),
    );
  }

  /** Takes that version back, unless it leads elsewhere by now: then it is of another replica. */
  async deregister(agent: RegisteredAgent): Promise<void> {
    const card = toNacosCard(agent.card);
    await this.#stopCheck(card);
    const known = fromNacosCard(await this.#agents.get(card.name, card.version));
    if (known === undefined || urlsOf(known).isDisjointFrom(urlsOf(agent))) return;
    await this.#agents.delete(card.name, card.version);
  }

  /** All agents of the namespace, each in its latest version. Those without an address are left out. */
  async list(): Promise<readonly RegisteredAgent[]> {
    const names = [...(await this.#agents.names())];
    const found: RegisteredAgent[] = [];
    while (names.length > 0) {
      const cards = await Promise.all(names.splice(0, CONCURRENCY).map((name) => this.#agents.get(name)));
      for (const card of cards) {
        const agent = fromNacosCard(card);
        if (agent !== undefined) found.push(agent);
      }
    }
    return found;
  }

  async #publish(card: NacosCard): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const created = await this.#agents.create(card);
      if (created === "done") return;
      if (created === "not found") {
        const message = "Nacos has no such namespace, or keeps no agents: it does since version 3.1.";
        throw new RuntimeError("EXTERNAL_SERVICE_ERROR", message);
      }
      const updated = await this.#agents.update(card, this.#setAsLatest);
      if (updated === "done") return;
      // Later versions of Nacos change no card of a version that is known.
      if (updated === "conflict") await this.#agents.delete(card.name, card.version);
    }
    const message =
      "The agent could not be registered in Nacos: others register and deregister it all the time.";
    throw new RuntimeError("EXTERNAL_SERVICE_ERROR", message);
  }

  /** Another replica may have taken the version back, or Nacos may have lost it, or lost which one is the latest. */
  async #check(card: NacosCard, signal: AbortSignal): Promise<void> {
    const versions = await this.#agents.versions(card.name);
    if (signal.aborted) return;
    if (!versions.some(({ version }) => version === card.version)) await this.#publish(card);
    else if (!versions.some(({ latest }) => latest)) await this.#agents.update(card, true);
  }

  async #stopCheck(card: NacosCard): Promise<void> {
    const key = keyOf(card);
    const check = this.#checks.get(key);
    this.#checks.delete(key);
    await check?.stop();
  }
}

function keyOf({ name, version }: NacosCard): string {
  return JSON.stringify([name, version]);
}

const ATTEMPTS = 3;
/** How many cards are asked for at once. */
const CONCURRENCY = 8;
