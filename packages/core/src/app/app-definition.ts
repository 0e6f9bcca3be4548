import type { FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import type { FrameworkAdapter, HistoryMode } from "../contracts/framework-adapter.ts";
import type { EngineServices, QueryHandler } from "../runs/hosted-agent.ts";
import type { EndpointDefinition } from "../server/endpoint.ts";
import type { TaskDefinition } from "../tasks/task-definition.ts";
import type { AgentAppOptions } from "./agent-app-options.ts";

export interface QueryDefinition {
  readonly adapter: FrameworkAdapter<unknown, unknown>;
  readonly handler: QueryHandler<unknown, unknown, unknown>;
  readonly history: HistoryMode;
}

export interface PluginDefinition {
  readonly plugin: FastifyPluginAsync | FastifyPluginCallback;
  readonly options: Readonly<Record<string, unknown>>;
}

/** Everything an app was told, and nothing that runs. */
export interface AppDefinition {
  readonly options: AgentAppOptions;
  init: (() => unknown) | undefined;
  shutdown: ((resources: unknown) => unknown) | undefined;
  services: ((resources: unknown) => EngineServices) | undefined;
  query: QueryDefinition | undefined;
  readonly endpoints: EndpointDefinition[];
  readonly tasks: TaskDefinition[];
  readonly plugins: PluginDefinition[];
  /** The apps hosted under `/agents/<name>`. */
  readonly hosted: Map<string, AppDefinition>;
}
