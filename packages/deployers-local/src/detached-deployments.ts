import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type Deployment, RuntimeError, type StopResult } from "@agentscope-runtime/core";
import type { DeploymentsFile } from "./deployments-file.ts";
import { DetachedProcess } from "./detached-process.ts";
import { DetachedRecord } from "./detached-record.ts";
import type { LocalDeploymentRecord } from "./local-deployment-record.ts";
import { processStart } from "./process-start.ts";
import { isRunning, stopProcess } from "./stop-process.ts";

export interface DetachedDeploymentsOptions {
  readonly file: DeploymentsFile;
  readonly logDirectory: string;
  readonly startupTimeout: number;
  readonly stopTimeout: number;
  readonly execArgv: readonly string[] | undefined;
}

export interface DetachedDeployOptions {
  readonly entry: URL | string;
  readonly exportName: string;
  readonly host: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Deployments that are processes of their own, on record in a file that any process of this user may work with. */
export class DetachedDeployments {
  readonly #options: DetachedDeploymentsOptions;

  constructor(options: DetachedDeploymentsOptions) {
    this.#options = options;
  }

  async deploy({ entry, exportName, host, port, env, signal }: DetachedDeployOptions): Promise<Deployment> {
    const { file, logDirectory, startupTimeout, execArgv } = this.#options;
    const source = toFileUrl(entry);
    // A file that could not be written later is better found now.
    await file.read();
    const deployId = randomUUID();
    const logFile = join(logDirectory, `${deployId}.log`);
    const bootstrap = { entry: source, exportName, host, port, instance: deployId };
    const child = await DetachedProcess.start({ bootstrap, logFile, execArgv, env });
    try {
      const url = await child.ready({ startupTimeout, signal });
      const process_start = await processStart(child.pid);
      if (process_start === undefined) {
        throw new RuntimeError("CONFIGURATION_ERROR", `The start of process ${child.pid} can't be told.`);
      }
      const { pid } = child;
      const record: DetachedRecord = {
        ...{ id: deployId, platform: "local", url, agent_source: source },
        ...{ created_at: new Date().toISOString(), status: "running", token: null },
        config: {
          ...{ mode: "detached", export: exportName, log_file: logFile },
          ...{ hostname: hostname(), pid, process_start },
        },
      };
      await file.update((deployments) => {
        deployments[deployId] = record;
      });
      // Only now: a process that nobody knows of ends with this one.
      await child.keep();
      return { deployId, url };
    } catch (error) {
      await child.kill();
      // The error to tell is the first one.
      await this.#remove(deployId).catch(() => undefined);
      throw error;
    }
  }

  /** `undefined` for one that is not on record. */
  async stop(deployId: string): Promise<StopResult | undefined> {
    const { file, stopTimeout } = this.#options;
    const found = find(await file.read(), deployId);
    if (found === undefined) return undefined;
    const { data: record } = DetachedRecord.safeParse(found);
    if (record === undefined) return { success: false, message: notOurs(deployId, found, file.path) };
    const { config } = record;
    if (config.hostname !== hostname() && !(await isRunning(config))) {
      const message = `Deployment ${deployId} runs on ${config.hostname}: stop it there, or take its record out of ${file.path}.`;
      return { success: false, message };
    }
    const result = await stopProcess(config, {
      stopTimeout,
      // Under the lock, and on record: a second signal would cut off what the first one lets end.
      once: (terminate) =>
        file.update(async (deployments) => {
          const current = DetachedRecord.safeParse(find(deployments, deployId)).data;
          if (current?.status !== "running") return;
          await terminate();
          deployments[deployId] = { ...current, status: "stopping" };
        }),
    });
    if (result.success) await this.#remove(deployId);
    return { ...result, message: `Deployment ${deployId} ${result.message}` };
  }

  async list(): Promise<LocalDeploymentRecord[]> {
    const deployments = Object.values(await this.#options.file.read()).reverse();
    const records = deployments.flatMap((value) => DetachedRecord.safeParse(value).data ?? []);
    return Promise.all(
      records.map(async ({ id, url, created_at, config }) => ({
        ...{ deployId: id, url, platform: "local", createdAt: Date.parse(created_at) },
        // Another machine's we can only believe; but a machine may also have changed its name.
        status: (await isRunning(config)) || config.hostname !== hostname() ? "running" : "stopped",
        ...({ mode: "detached", pid: config.pid, logFile: config.log_file } as const),
      })),
    );
  }

  async #remove(deployId: string): Promise<void> {
    const { file } = this.#options;
    if (find(await file.read(), deployId) === undefined) return;
    await file.update((deployments) => {
      delete deployments[deployId];
    });
  }
}

function find(deployments: Readonly<Record<string, unknown>>, deployId: string): unknown {
  return Object.hasOwn(deployments, deployId) ? deployments[deployId] : undefined;
}

function toFileUrl(entry: URL | string): string {
  const url =
    entry instanceof URL || entry.startsWith("file:") ? new URL(entry) : pathToFileURL(resolve(entry));
  if (url.protocol === "file:") return url.href;
  throw new RuntimeError("CONFIGURATION_ERROR", `An entry is a file, not ${url.href}.`);
}

function notOurs(deployId: string, found: unknown, path: string): string {
  const platform = typeof found === "object" && found !== null ? Reflect.get(found, "platform") : undefined;
  return platform !== "local" && typeof platform === "string"
    ? `Deployment ${deployId} is on ${platform}: stop it with the manager for that.`
    : `Deployment ${deployId} in ${path} was not made by this manager, which can't tell its process.`;
}
