import type { DeploymentRecord } from "@agentscope-runtime/core";

/** A deployment on this machine. */
export interface LocalDeploymentRecord extends DeploymentRecord {
  readonly mode: "in-process" | "detached";
  readonly pid: number;
  /** What a detached process writes to its standard output and error. */
  readonly logFile?: string | undefined;
}
