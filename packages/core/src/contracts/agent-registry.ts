/** An agent as others find it. */
export interface RegisteredAgent {
  readonly name: string;
  /** The agent's card as A2A 1.0 has it in JSON: where it is and how to talk to it is in `supportedInterfaces`. */
  readonly card: Readonly<Record<string, unknown>>;
}

/** Where agents are found by others. */
export interface AgentRegistry {
  readonly name: string;

  /** Makes an agent known; what was known of it before is replaced. */
  register(agent: RegisteredAgent): Promise<void>;

  /** Takes back what `register` has made known. Taking back what is not known does nothing. */
  deregister(agent: RegisteredAgent): Promise<void>;

  /** The agents that are known now. */
  list(): Promise<readonly RegisteredAgent[]>;
}
