import { setTimeout as delay } from "node:timers/promises";
import type { StopResult } from "@agentscope-runtime/core";
import { killGroup } from "./kill-group.ts";
import { processStart } from "./process-start.ts";

/** One process for all time: ids are used again, with another start. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly process_start: string;
}

export interface StopProcessOptions {
  /** After how many milliseconds it is killed. */
  readonly stopTimeout: number;
  /** Calls `terminate` unless somebody has done so before. */
  once(terminate: () => Promise<void>): Promise<void>;
}

/** True while that very process runs. */
export async function isRunning({ pid, process_start }: ProcessIdentity): Promise<boolean> {
  return (await processStart(pid)) === process_start;
}

/** Lets a process end, else kills it. The message goes on after the name of what was stopped. */
export async function stopProcess(
  identity: ProcessIdentity,
  options: StopProcessOptions,
): Promise<StopResult> {
  const { pid } = identity;
  const { stopTimeout, once } = options;
  if (!(await isRunning(identity))) return { success: true, message: "had ended by itself." };
  try {
    await once(async () => {
      // Once more: it may have taken a while to get here.
      if (await isRunning(identity)) process.kill(pid, "SIGTERM");
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "EPERM") return { success: false, message: `is process ${pid} of another user.` };
    if (code !== "ESRCH") throw error;
  }
  if (await hasEndedWithin(identity, stopTimeout)) return { success: true, message: "is stopped." };
  killGroup(pid);
  if (await hasEndedWithin(identity, KILL_GRACE)) {
    return { success: true, message: `did not end within ${stopTimeout} ms and was killed.` };
  }
  return { success: false, message: `is process ${pid}, which can't be killed.` };
}

const KILL_GRACE = 5000;
const LOOK_AGAIN = 50;

async function hasEndedWithin(identity: ProcessIdentity, timeout: number): Promise<boolean> {
  for (const end = performance.now() + timeout; performance.now() < end; await delay(LOOK_AGAIN)) {
    if (!(await isRunning(identity))) return true;
  }
  return !(await isRunning(identity));
}
