import { randomUUID } from "node:crypto";
import type { DeployableApp, Deployment, RunningApp, StopResult } from "@agentscope-runtime/core";
import { RuntimeError } from "@agentscope-runtime/core";
import { listenProblem } from "./listen-problem.ts";
import type { LocalDeploymentRecord } from "./local-deployment-record.ts";

interface InProcessDeployment {
  readonly running: RunningApp;
  readonly createdAt: number;
}

/** Deployments that are listeners of this process and known to nobody else. */
export class InProcessDeployments {
  readonly #deployments = new Map<string, InProcessDeployment>();

  async deploy(app: DeployableApp, { host, port }: { host: string; port: number }): Promise<Deployment> {
    const deployId = randomUUID();
    let running: RunningApp;
    try {
      running = await app.listen({ host, port, instance: deployId });
    } catch (error) {
      throw RuntimeError.from(error, "CONFIGURATION_ERROR", listenProblem(error, { host, port }));
    }
    this.#deployments.set(deployId, { running, createdAt: Date.now() });
    return { deployId, url: running.url };
  }

  /** `undefined` for one that is not ours. Rejects if the app's shutdown fails, the deployment being gone all the same. */
  async stop(deployId: string): Promise<StopResult | undefined> {
    const deployment = this.#deployments.get(deployId);
    if (deployment === undefined) return undefined;
    await deployment.running.close().finally(() => this.#deployments.delete(deployId));
    return { success: true, message: `Deployment ${deployId} is stopped.` };
  }

  list(): LocalDeploymentRecord[] {
    const toRecord = ([deployId, { running, createdAt }]: [
      string,
      InProcessDeployment,
    ]): LocalDeploymentRecord => ({
      ...{ deployId, url: running.url, platform: "local", createdAt },
      ...{ status: "running", mode: "in-process", pid: process.pid },
    });
    return [...this.#deployments].map(toRecord).reverse();
  }
}
