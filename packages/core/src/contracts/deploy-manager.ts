import type { ListenOptions } from "../app/listen.ts";
import type { RunningApp } from "../app/running-app.ts";

/** An app as deployers see it. */
export interface DeployableApp {
  readonly name: string;
  /** Serves the app out of this process, next to whatever listeners it has already. */
  listen(options?: ListenOptions): Promise<RunningApp>;
}

/** An app that was handed out. */
export interface Deployment {
  readonly deployId: string;
  /** Where it is served. */
  readonly url: string;
}

/** A deployment as a manager remembers it. */
export interface DeploymentRecord extends Deployment {
  readonly platform: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Whether it is served right now. */
  readonly status: "running" | "stopped";
}

/** What came of an attempt to stop a deployment. */
export interface StopResult {
  /** False where it could not be stopped; the message says why. */
  readonly success: boolean;
  readonly message: string;
}

/** Hands apps out to one kind of place. */
export interface DeployManager<Options = undefined> {
  /** Resolves once the deployment answers. If it can't be brought up, it rejects and leaves nothing behind. */
  deploy(app: DeployableApp, options?: Options): Promise<Deployment>;

  /** Drains and ends a deployment. An unknown one is no success, and no error either. */
  stop(deployId: string): Promise<StopResult>;

  /** The deployments of this kind of place, the newest first. */
  list(): Promise<readonly DeploymentRecord[]>;
}
