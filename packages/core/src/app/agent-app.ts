import type { FastifyInstance, FastifyPluginAsync, FastifyPluginCallback } from "fastify";
import type { z } from "zod";
import type { DeployManager, Deployment } from "../contracts/deploy-manager.ts";
import type { FrameworkAdapter, HistoryMode } from "../contracts/framework-adapter.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import type { EngineServices, QueryHandler } from "../runs/hosted-agent.ts";
import { agentPlugin } from "../server/agent-plugin.ts";
import { createServer } from "../server/create-server.ts";
import { type EndpointHandler, type EndpointOptions, toEndpoint } from "../server/endpoint.ts";
import { type TaskHandler, type TaskOptions, toTask } from "../tasks/task-definition.ts";
import type { AgentAppOptions } from "./agent-app-options.ts";
import { AgentEngine, type RetainOptions } from "./agent-engine.ts";
import type { AppDefinition } from "./app-definition.ts";
import { assertPathsFree } from "./assert-paths-free.ts";
import { onExitSignals } from "./exit-signals.ts";
import { type ListenOptions, listen } from "./listen.ts";
import { type RunningApp, runningApp } from "./running-app.ts";

export interface QueryOptions {
  /** Who writes the session's history. Defaults to what the adapter says. */
  readonly history?: HistoryMode | undefined;
}

/** An agent and what serves it. Making one starts nothing. */
export class AgentApp<Resources = undefined> {
  readonly #definition: AppDefinition;
  readonly #listeners = new Set<RunningApp>();
  #engine: AgentEngine | undefined;

  constructor(options: AgentAppOptions) {
    if (options.name === "") throw new RuntimeError("CONFIGURATION_ERROR", "An app needs a name.");
    this.#definition = {
      options,
      init: undefined,
      shutdown: undefined,
      services: undefined,
      query: undefined,
      endpoints: [],
      tasks: [],
      plugins: [],
      hosted: new Map(),
    };
  }

  get name(): string {
    return this.#definition.options.name;
  }

  /** Makes what the handlers work with, once, before the first request. Comes before everything else. */
  init<Made>(make: () => Made | Promise<Made>): AgentApp<Made> {
    const { init, shutdown, services, query, endpoints, tasks, hosted, plugins } = this.#definition;
    if (
      hosted.size > 0 ||
      plugins.length > 0 ||
      init !== undefined ||
      shutdown !== undefined ||
      services !== undefined ||
      query !== undefined ||
      endpoints.length > 0 ||
      tasks.length > 0
    ) {
      throw new RuntimeError(
        "CONFIGURATION_ERROR",
        "init comes first and once: new AgentApp(…).init(…).query(…).",
      );
    }
    this.#definition.init = make;
    return this as unknown as AgentApp<Made>;
  }

  /** Gives up what `init` made, after the last run has ended. */
  shutdown(end: (resources: Resources) => unknown): this {
    if (this.#definition.shutdown !== undefined) {
      throw new RuntimeError("CONFIGURATION_ERROR", "An app has one shutdown.");
    }
    this.#definition.shutdown = end as (resources: unknown) => unknown;
    return this;
  }

  /** Names the services that the engine itself may use, such as the history it writes for the `text` adapter. */
  services(pick: (resources: Resources) => EngineServices): this {
    this.#definition.services = pick as (resources: unknown) => EngineServices;
    return this;
  }

  /** The agent: a framework's adapter, and a handler that yields what the adapter takes. */
  query<Input, Yield>(
    adapter: FrameworkAdapter<Input, Yield>,
    handler: QueryHandler<Input, NoInfer<Yield>, Resources>,
    options: QueryOptions = {},
  ): this {
    if (this.#definition.query !== undefined) {
      throw new RuntimeError("CONFIGURATION_ERROR", "An app has one query; host() adds further agents.");
    }
    this.#definition.query = {
      adapter: adapter as FrameworkAdapter<unknown, unknown>,
      handler: handler as QueryHandler<unknown, unknown, unknown>,
      history: options.history ?? adapter.history ?? "engine",
    };
    assertPathsFree({ ...this.#definition, name: this.name });
    return this;
  }

  /** A route of your own: answers with JSON, or with one event per item of a generator or another iterable. */
  endpoint<Body extends z.ZodType = z.ZodUnknown, Query extends z.ZodType = z.ZodUnknown>(
    path: string,
    options: EndpointOptions<Body, Query>,
    handler: EndpointHandler<z.output<Body>, z.output<Query>, Resources>,
  ): this {
    this.#definition.endpoints.push(toEndpoint(path, options, handler));
    assertPathsFree({ ...this.#definition, name: this.name });
    return this;
  }

  /**
   * Work for the background: `POST <path>` submits it and answers at once, `GET <path>/:id` shows what came of it,
   * `POST <path>/:id/cancel` cancels it, `GET <path>` lists. Throws `CONFIGURATION_ERROR` where one of these is a route
   * already.
   */
  task<Body extends z.ZodType = z.ZodUnknown>(
    path: string,
    options: TaskOptions<Body>,
    handler: TaskHandler<z.output<Body>, Resources>,
  ): this {
    this.#definition.tasks.push(toTask(path, options, handler));
    assertPathsFree({ ...this.#definition, name: this.name });
    return this;
  }

  /**
   * Serves another app as well, with its whole surface, under `/agents/<name>`. Its `runs` options and an `authenticate`
   * of its own count; all its other options, such as `runStore`, `streams` and `bodyLimit`, are this app's instead.
   */
  host(name: string, app: AgentApp<never> | AgentApp<unknown>): this {
    const { hosted } = this.#definition;
    if (!/^[\w.-]{1,64}$/.test(name) || hosted.has(name) || name === this.name) {
      const message = `${JSON.stringify(name)} can't name a hosted app: it needs 1 to 64 letters, digits, "_", "-" or ".", and to be new.`;
      throw new RuntimeError("CONFIGURATION_ERROR", message);
    }
    if (app.#definition === this.#definition || [...hosted.values()].includes(app.#definition)) {
      throw new RuntimeError("CONFIGURATION_ERROR", `${name} is served here already, under another name.`);
    }
    if (app.#definition.hosted.size > 0) {
      throw new RuntimeError("CONFIGURATION_ERROR", `${name} hosts apps itself: host them here instead.`);
    }
    hosted.set(name, app.#definition);
    return this;
  }

  /** Adds a Fastify plugin to whatever server the app is part of. */
  register(
    plugin: FastifyPluginAsync | FastifyPluginCallback,
    options: Readonly<Record<string, unknown>> = {},
  ): this {
    this.#definition.plugins.push({ plugin, options });
    return this;
  }

  /** The app as a plugin for a Fastify server of yours: `await fastify.register(app.plugin(), { prefix: "/friday" })`. */
  plugin(): FastifyPluginAsync {
    return agentPlugin(this.#definition, this.#sharedEngine());
  }

  /** A Fastify server of the app's own that does not listen yet, for `inject` or for a `listen` of yours. */
  createServer(): Promise<FastifyInstance> {
    return createServer(this.#definition, this.#sharedEngine());
  }

  /** Serves the app until `close`, next to whatever listeners it has already; resolves once it listens. */
  listen(options: ListenOptions = {}): Promise<RunningApp> {
    return this.#listen(options);
  }

  /**
   * Serves the app until `close`, SIGTERM or SIGINT; resolves once it listens. A signal closes every listener of the
   * app. Rejects with `CONFIGURATION_ERROR` if `init` fails, and with Node's own error if the port can't be had.
   */
  async run(options: ListenOptions = {}): Promise<RunningApp> {
    return this.#untilSignal(await this.listen(options));
  }

  /**
   * Executes the runs and tasks that other processes of the app accept, until `close`, SIGTERM or SIGINT. Needs a
   * `dispatcher`. Listens as `run` does, so that its probes can be asked.
   */
  async work(options: ListenOptions = {}): Promise<RunningApp> {
    if (this.#definition.options.dispatcher === undefined) {
      throw new RuntimeError("CONFIGURATION_ERROR", "work() needs a dispatcher that brings it runs.");
    }
    return this.#untilSignal(await this.#listen({ ...options, work: true }));
  }

  async #listen(options: ListenOptions & RetainOptions): Promise<RunningApp> {
    const app = await listen(this.#definition, this.#sharedEngine(), options);
    this.#listeners.add(app);
    app.closed.catch(() => undefined).finally(() => this.#listeners.delete(app));
    return app;
  }

  #untilSignal(server: RunningApp): RunningApp {
    const app = runningApp(server.url, () => server.close().finally(() => unhook()));
    const unhook = onExitSignals(async () => {
      await this.#sharedEngine().drain({ all: true });
      await Promise.all([...this.#listeners].map((listener) => listener.close()));
    });
    return app;
  }

  /** Hands the app to a deploy manager; resolves once the deployment answers. */
  deploy<Options>(manager: DeployManager<Options>, options?: Options): Promise<Deployment> {
    return manager.deploy(this, options);
  }

  #sharedEngine(): AgentEngine {
    this.#engine ??= new AgentEngine(this.#definition);
    return this.#engine;
  }
}
