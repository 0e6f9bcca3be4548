import type { Logger } from "../contracts/logger.ts";
import type { RunDispatcher, RunWorker } from "../contracts/run-dispatcher.ts";
import type { RunStore } from "../contracts/run-store.ts";
import { isService, type Service } from "../contracts/service.ts";
import { RuntimeError } from "../errors/runtime-error.ts";
import { GuardedLogger } from "../runs/guarded-logger.ts";
import type { HostedAgent } from "../runs/hosted-agent.ts";
import { InMemoryRunStore } from "../runs/in-memory-run-store.ts";
import { runLimits } from "../runs/run-limits.ts";
import { Runs } from "../runs/runs.ts";
import { AppTasks } from "../tasks/app-tasks.ts";
import type { AppDefinition } from "./app-definition.ts";
import { checkHealth, type Health } from "./health.ts";

/** One app at work. */
interface RunningApp {
  /** What it is served as. */
  readonly name: string;
  readonly definition: AppDefinition;
  readonly resources: unknown;
  readonly agent: HostedAgent | undefined;
}

export interface RetainOptions {
  /** Whether to execute runs and tasks. Defaults to true where there is no dispatcher. */
  readonly work?: boolean | undefined;
}

/** What serves an app and those it hosts: started by the first listener, stopped by the last. */
export class AgentEngine {
  readonly #definition: AppDefinition;
  readonly #store: RunStore;
  readonly tasks: AppTasks;
  readonly #apps = new Map<AppDefinition, RunningApp>();
  #runs: Runs | undefined;
  /** What is done before runs are drained. */
  readonly #leaves = new Set<() => Promise<void>>();
  /** The drains that are under way. */
  readonly #drains = new Set<Promise<void>>();
  #listeners = 0;
  /** What takes on dispatched runs here. */
  #worker: RunWorker | undefined;
  /** True while this process executes runs and tasks. */
  #working = false;
  #change: Promise<void> = Promise.resolve();

  constructor(definition: AppDefinition) {
    this.#definition = definition;
    this.tasks = new AppTasks(definition);
    this.#store = definition.options.runStore ?? new InMemoryRunStore();
  }

  get #dispatcher(): RunDispatcher | undefined {
    return this.#definition.options.dispatcher;
  }

  get runs(): Runs {
    if (this.#runs === undefined) throw new RuntimeError("SERVICE_NOT_STARTED", "The app is not started.");
    return this.#runs;
  }

  /** True while runs are taken on. */
  get accepting(): boolean {
    return this.#runs !== undefined && !this.#runs.draining;
  }

  /** The agent and the resources of an app. */
  of(definition: AppDefinition): RunningApp {
    const app = this.#apps.get(definition);
    if (app === undefined) throw new RuntimeError("SERVICE_NOT_STARTED", "The app is not started.");
    return app;
  }

  /** The agent of an app that has one. */
  agentOf(definition: AppDefinition): HostedAgent {
    const { agent } = this.of(definition);
    if (agent !== undefined) return agent;
    throw new RuntimeError("UNSUPPORTED", `${definition.options.name} has no agent: call query().`);
  }

  /**
   * Starts everything for the first listener; rejects, everything stopped again, with what went wrong. One that does not
   * `work` only accepts runs and tasks, where a dispatcher takes them to those who do.
   */
  retain(logger: Logger, { work = this.#dispatcher === undefined }: RetainOptions = {}): Promise<void> {
    const log = new GuardedLogger(logger);
    return this.#next(async () => {
      if (this.#listeners === 0) await this.#start(log);
      // Whoever comes while the listeners before are closing takes on runs and tasks of its own.
      else if (this.#runs?.draining !== false) this.#runs = this.#newRuns(log);
      try {
        if (work && !this.#working) await this.#work(log);
      } catch (error) {
        if (this.#listeners === 0) await this.#abandon(log);
        throw error;
      }
      this.#listeners++;
    });
  }

  /** Stops everything with the last listener, when all runs have come to their end. */
  release(): Promise<void> {
    return this.#next(async () => {
      if (this.#listeners === 0 || --this.#listeners > 0) return;
      try {
        await this.#drainRuns();
      } finally {
        await this.#stop();
      }
    });
  }

  /** Has `leave` done before runs are drained, while they are still taken on; it must not reject. Returns what ends that. */
  beforeDrain(leave: () => Promise<void>): () => void {
    this.#leaves.add(leave);
    return () => void this.#leaves.delete(leave);
  }

  /** Lets runs come to their end and takes on no more, unless other listeners go on; `all` of them, if that is said. */
  async drain({ all = false }: { readonly all?: boolean } = {}): Promise<void> {
    const othersGoOn = () => !all && this.#listeners > 1;
    if (othersGoOn()) return;
    await Promise.all([...this.#leaves].map((leave) => leave()));
    // Somebody may have come meanwhile.
    if (!othersGoOn()) await this.#drainRuns();
  }

  async #drainRuns(): Promise<void> {
    const grace = this.#definition.options.drainGrace ?? 10_000;
    const drain = this.#runs?.drain(grace);
    if (drain !== undefined) this.#drains.add(drain).add(this.tasks.drain(grace));
    if (this.#worker !== undefined) this.#drains.add(this.#worker.close());
    this.#worker = undefined;
    this.#working = false;
    await Promise.all(this.#drains);
    this.#drains.clear();
  }

  /** Whether an app can work: the run store, the queues and every service that its `init` returned. */
  async health(definition: AppDefinition): Promise<Health> {
    const resources = this.#apps.get(definition)?.resources;
    const services: Record<string, Service> = { run_store: this.#store };
    if (this.#dispatcher !== undefined) services.run_dispatcher = this.#dispatcher;
    if (this.tasks.used !== undefined) services.task_queue = this.tasks.used;
    for (const [name, value] of Object.entries(resources ?? {})) if (isService(value)) services[name] = value;
    return checkHealth(services, this.accepting);
  }

  async #start(log: Logger): Promise<void> {
    await this.#store.start();
    try {
      await this.tasks.start();
      await this.#dispatcher?.start();
      await this.#startApp(this.#definition, this.#definition.options.name);
      for (const [name, definition] of this.#definition.hosted) await this.#startApp(definition, name);
    } catch (error) {
      await this.#abandon(log);
      throw error;
    }
    this.#runs = this.#newRuns(log);
  }

  /** Stops what an error has left half-way. */
  async #abandon(log: Logger): Promise<void> {
    await this.#runs?.drain(0);
    await this.#stop().catch((error) => log.error({ err: error }, "the shutdown failed, too"));
  }

  /** Executes tasks and dispatched runs until the next drain. */
  async #work(log: Logger): Promise<void> {
    this.#working = true;
    await this.tasks.work(this.#apps.values(), log);
    this.#worker = await this.#dispatcher?.work([...this.#agents.keys()], (runId) => this.runs.take(runId));
  }

  /** The agents by name. */
  get #agents(): ReadonlyMap<string, HostedAgent> {
    const agents = [...this.#apps.values()].flatMap(({ agent }) => (agent === undefined ? [] : [agent]));
    return new Map(agents.map((agent) => [agent.name, agent]));
  }

  #newRuns(log: Logger): Runs {
    const runs = new Runs({ store: this.#store, log, agents: this.#agents, dispatcher: this.#dispatcher });
    runs.open();
    return runs;
  }

  async #startApp(definition: AppDefinition, name: string): Promise<void> {
    let resources: unknown;
    try {
      resources = await definition.init?.();
    } catch (error) {
      const message = `The init of ${name} failed: ${error instanceof Error ? error.message : String(error)}`;
      throw new RuntimeError("CONFIGURATION_ERROR", message, { cause: error });
    }
    const { options, query } = definition;
    const services = definition.services?.(resources) ?? {};
    const agent =
      query === undefined
        ? undefined
        : { name, ...query, resources, services, limits: runLimits(options.runs) };
    this.#apps.set(definition, { name, definition, resources, agent });
  }

  async #stop(): Promise<void> {
    this.#runs = undefined;
    const failures: unknown[] = [];
    const attempt = async (step: () => unknown) => {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    };
    this.#working = false;
    await attempt(() => this.tasks.drain(0));
    await attempt(() => this.#worker?.close());
    this.#worker = undefined;
    for (const { definition, resources } of [...this.#apps.values()].reverse()) {
      await attempt(() => definition.shutdown?.(resources));
    }
    this.#apps.clear();
    await attempt(() => this.#dispatcher?.stop());
    await attempt(() => this.tasks.stop());
    await attempt(() => this.#store.stop());
    if (failures.length > 0)
      throw new AggregateError(failures, "Not everything could be shut down in order.");
  }

  // One at a time: a listener that closes while another opens must find things settled.
  #next(step: () => Promise<void>): Promise<void> {
    const done = this.#change.then(step);
    this.#change = done.catch(() => undefined);
    return done;
  }
}
