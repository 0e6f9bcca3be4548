import type { AgentCard } from "@a2a-js/sdk";
import type { ServedAgent } from "@agentscope-runtime/core";
import type { A2ACall } from "./a2a-call.ts";
import type { A2ACardOptions } from "./a2a-card-options.ts";
import type { A2AOptions } from "./a2a-options.ts";
import { type A2AInterface, type AgentCardFacts, toAgentCard } from "./agent-card.ts";

export interface AgentCardsOptions extends Pick<A2AOptions, "card" | "extendedCard" | "signature"> {
  /** The agent that the server is about; the others it hosts. */
  readonly own: ServedAgent;
  readonly legacy: boolean;
  /** Where gRPC is spoken, once that is known. */
  readonly grpcAddress: () => string | undefined;
}

/** What the agents of a server tell of themselves. */
export class AgentCards {
  readonly #options: AgentCardsOptions;

  constructor(options: AgentCardsOptions) {
    this.#options = options;
  }

  /** Where an agent is below the server. */
  pathOf(agent: ServedAgent): string {
    return agent === this.#options.own ? "" : `/agents/${agent.name}`;
  }

  /** Where A2A is spoken with an agent, below the server. */
  endpointOf(agent: ServedAgent): string {
    return `${this.pathOf(agent)}/a2a`;
  }

  /** What the app has said for the card of an agent. */
  optionsOf({ name }: ServedAgent): A2ACardOptions {
    const { card = {} } = this.#options;
    return typeof card === "function" ? card(name) : card;
  }

  /** The card for everybody. */
  of(agent: ServedAgent, baseUrl: string | undefined): Promise<AgentCard> {
    return this.#make(agent, baseUrl, this.optionsOf(agent));
  }

  /** The card that calls are checked against: nobody sees it, so it is not signed each time. */
  unsigned(agent: ServedAgent): Promise<AgentCard> {
    return toAgentCard({ ...this.#facts(agent, undefined, this.optionsOf(agent)), signature: undefined });
  }

  /** How an agent makes its card for those who are known; `undefined` where there is none. */
  extendedOf(agent: ServedAgent): ((call: A2ACall) => Promise<AgentCard>) | undefined {
    const { extendedCard } = this.#options;
    if (extendedCard === undefined) return undefined;
    return async ({ caller, baseUrl }) =>
      this.#make(agent, baseUrl, { ...this.optionsOf(agent), ...(await extendedCard(agent.name, caller)) });
  }

  #make(agent: ServedAgent, baseUrl: string | undefined, options: A2ACardOptions): Promise<AgentCard> {
    return toAgentCard(this.#facts(agent, baseUrl, options));
  }

  #facts(agent: ServedAgent, baseUrl: string | undefined, options: A2ACardOptions): AgentCardFacts {
    const { name, description } = agent;
    const { extendedCard, signature } = this.#options;
    return {
      name,
      description,
      options,
      interfaces: this.#interfacesOf(agent, baseUrl),
      extendedCard: extendedCard !== undefined,
      signature,
    };
  }

  /** The best ones first; without a base URL only those at an address of their own. */
  #interfacesOf(agent: ServedAgent, baseUrl: string | undefined): A2AInterface[] {
    const { own, legacy, grpcAddress } = this.#options;
    const address = grpcAddress();
    const isOwn = agent === own;
    const overHttp = (protocolVersion: "1.0" | "0.3"): A2AInterface[] => {
      if (baseUrl === undefined) return [];
      const url = `${baseUrl}${this.endpointOf(agent)}`;
      return [
        { url, protocolBinding: "JSONRPC", protocolVersion },
        { url, protocolBinding: "HTTP+JSON", protocolVersion },
      ];
    };
    const overGrpc = (protocolVersion: "1.0" | "0.3"): A2AInterface[] => {
      if (address === undefined) return [];
      const tenant = isOwn ? {} : { tenant: agent.name };
      return [{ url: address, protocolBinding: "GRPC", protocolVersion, ...tenant }];
    };
    const current = [...overHttp("1.0"), ...overGrpc("1.0")];
    // Nothing in 0.3 says which agent of several is meant.
    return legacy ? [...current, ...overHttp("0.3"), ...(isOwn ? overGrpc("0.3") : [])] : current;
  }
}
