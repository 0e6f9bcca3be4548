import type { AgentState, ProtocolContext, Runs } from "@agentscope-runtime/core";
import type { CardRouteOptions } from "./card-route.ts";
import type { A2AGrpcServer } from "./grpc-server.ts";
import type { PushNotifications } from "./push-notifications.ts";
import type { Registrations } from "./registrations.ts";
import type { SharedLife } from "./shared-life.ts";

/** What the servers share that serve the same runs. */
export interface A2AShare {
  readonly push: SharedLife<PushNotifications>;
  readonly registrations: SharedLife<Registrations>;
  readonly grpc: SharedLife<A2AGrpcServer> | undefined;
  /** Those of the servers that are there, the latest last. */
  readonly contexts: Set<ProtocolContext>;
}

/** What the servers of one app have in common. */
export interface A2AServers {
  /** By the runs that they serve: who uses the protocol for two apps shares nothing between them. */
  readonly shares: WeakMap<Runs, A2AShare>;
  /** The card of the app's own agent, by the server that the app is part of. */
  readonly ownCards: WeakMap<object, CardRouteOptions>;
  /** What is known of push notifications where no state service keeps it. */
  readonly memory: Map<string, AgentState>;
}
