import type { AgentRegistry, Backoff, Caller, StateService, TaskQueue } from "@agentscope-runtime/core";
import type { A2ACardOptions, A2ACardSignature } from "./a2a-card-options.ts";
import type { A2AGrpcOptions } from "./grpc-server.ts";

export interface A2AOptions {
  /** Where clients reach the server, such as `https://agents.example.com`. Defaults to what each asks under. */
  readonly publicUrl?: string | undefined;
  /** What the cards tell; a function is asked for each agent by its name. */
  readonly card?: A2ACardOptions | ((agent: string) => A2ACardOptions) | undefined;
  /** What the cards tell those who are known, beside or instead of that. */
  readonly extendedCard?:
    | ((agent: string, caller: Caller) => A2ACardOptions | Promise<A2ACardOptions>)
    | undefined;
  /** What cards are signed with; needs `publicUrl`. */
  readonly signature?: A2ACardSignature | undefined;
  /** Whether clients are told of the agent's reasoning, steps and own tool calls as it works. Defaults to false. */
  readonly progress?: boolean | undefined;
  /** Whether A2A 0.3 is spoken too. Defaults to true. */
  readonly legacy?: boolean | undefined;
  /** Without it gRPC is not spoken. */
  readonly grpc?: A2AGrpcOptions | undefined;
  readonly push?: A2APushOptions | undefined;
  /** Where agents are made known while the server listens; needs `publicUrl`. */
  readonly registries?: readonly AgentRegistry[] | undefined;
}

export interface A2APushOptions {
  /** Whether they may go to private addresses, such as those of this machine. Defaults to false. */
  readonly allowPrivate?: boolean | undefined;
  /** How often each is tried. Defaults to 8. */
  readonly attempts?: number | undefined;
  /** How long to wait between attempts. Defaults to a second, twice as long each time, up to a minute. */
  readonly backoff?: Backoff | undefined;
  /** How long a receiver, or the state service, may take to answer, in milliseconds. Defaults to 10,000. */
  readonly timeout?: number | undefined;
  /** Keeps what is to be told: with a durable one it is told after a crash as well. Defaults to an `InMemoryTaskQueue`. */
  readonly queue?: TaskQueue | undefined;
  /** Keeps who is to be told. Defaults to the state service that the app names with `services`, else to memory. */
  readonly state?: StateService | undefined;
}
