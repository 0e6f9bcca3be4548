import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import {
  type DeployableApp,
  type DeployManager,
  type Deployment,
  RuntimeError,
  type StopResult,
} from "@agentscope-runtime/core";
import { DeploymentsFile } from "./deployments-file.ts";
import { DetachedDeployments } from "./detached-deployments.ts";
import { InProcessDeployments } from "./in-process-deployments.ts";
import type { LocalDeployOptions } from "./local-deploy-options.ts";
import type { LocalDeploymentRecord } from "./local-deployment-record.ts";

export interface LocalDeployManagerOptions {
  /** Defaults to `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Defaults to 8090; 0 takes any that is free. */
  readonly port?: number | undefined;
  /** The module that exports the app, for deployments in a process of their own. */
  readonly entry?: URL | string | undefined;
  /** The name of the app among the exports of `entry`. Defaults to `app`. */
  readonly export?: string | undefined;
  /** How long a detached deployment may take until it answers, in milliseconds. Defaults to 30,000. */
  readonly startupTimeout?: number | undefined;
  /** How long a detached deployment may take to end before it is killed, in milliseconds. Defaults to 30,000. */
  readonly stopTimeout?: number | undefined;
  /** Where detached deployments are on record. Defaults to `.agentscope-runtime/deployments.json` in the home directory. */
  readonly stateFile?: string | undefined;
  /** Where detached deployments write their logs. Defaults to `logs` next to the state file. */
  readonly logDirectory?: string | undefined;
  /** Node's options for detached processes. Defaults to this process's own, without those for debugging, watching and testing. */
  readonly execArgv?: readonly string[] | undefined;
}

/** Deploys apps on this machine: as a listener of this process, or as a process of its own. */
export class LocalDeployManager implements DeployManager<LocalDeployOptions> {
  readonly #options: LocalDeployManagerOptions;
  readonly #stateFile: string;
  readonly #inProcess = new InProcessDeployments();
  readonly #detached: DetachedDeployments;

  constructor(options: LocalDeployManagerOptions = {}) {
    const { stateFile = join(homedir(), ".agentscope-runtime", "deployments.json") } = options;
    this.#options = options;
    this.#stateFile = resolve(stateFile);
    this.#detached = new DetachedDeployments({
      file: new DeploymentsFile(this.#stateFile),
      logDirectory: resolve(options.logDirectory ?? join(dirname(this.#stateFile), "logs")),
      startupTimeout: options.startupTimeout ?? 30_000,
      stopTimeout: options.stopTimeout ?? 30_000,
      execArgv: options.execArgv,
    });
  }

  /**
   * Resolves once the deployment answers. Rejects, nothing left behind but a log, with `CONFIGURATION_ERROR` where the
   * app can't be brought up and `TIMEOUT` where it takes too long; the message ends with the last lines of the log.
   */
  async deploy(app: DeployableApp, options: LocalDeployOptions = {}): Promise<Deployment> {
    const own = this.#options;
    const entry = options.entry ?? own.entry;
    const { mode = entry === undefined ? "in-process" : "detached", env, signal } = options;
    const host = options.host ?? own.host ?? "127.0.0.1";
    const port = options.port ?? own.port ?? 8090;
    signal?.throwIfAborted();
    if (mode === "detached") {
      if (entry === undefined) throw new RuntimeError("CONFIGURATION_ERROR", NO_ENTRY);
      const exportName = options.export ?? own.export ?? "app";
      return this.#detached.deploy({ entry, exportName, host, port, env, signal });
    }
    if (env !== undefined) throw new RuntimeError("CONFIGURATION_ERROR", NO_ENV);
    return this.#inProcess.deploy(app, { host, port });
  }

  /**
   * Drains and ends a deployment: one in this process if this manager made it, a detached one whoever did. One that
   * has ended by itself is a success; its record is removed.
   */
  async stop(deployId: string): Promise<StopResult> {
    const stopped = (await this.#inProcess.stop(deployId)) ?? (await this.#detached.stop(deployId));
    if (stopped !== undefined) return stopped;
    const message = `There is no deployment ${deployId} in ${this.#stateFile}, nor one that this manager made in this process.`;
    return { success: false, message };
  }

  /**
   * The detached deployments on record and this manager's own in this process, the newest first. One that has ended
   * by itself is listed as stopped, until `stop` removes it.
   */
  async list(): Promise<readonly LocalDeploymentRecord[]> {
    const all = [...this.#inProcess.list(), ...(await this.#detached.list())];
    return all.sort((a, b) => b.createdAt - a.createdAt);
  }
}

const NO_ENTRY =
  'A detached deployment imports the app in a process of its own and has to know where from: add entry, such as entry: new URL("./app.ts", import.meta.url), and export if its name there is not "app".';
const NO_ENV =
  'An app in this process has this process\'s env: env is for mode "detached", which needs an entry.';
