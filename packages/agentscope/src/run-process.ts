import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import { CappedOutput } from "./capped-output.ts";

export interface RunProcessOptions {
  /** All of the environment; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
  /** Milliseconds until the process is killed. */
  readonly timeout: number;
  /** Bytes kept of each of stdout and stderr, see {@link CappedOutput}. */
  readonly keepOutputBytes: number;
  /** Bytes either of stdout and stderr may write before the process is killed. */
  readonly maxOutputBytes: number;
  /** Kills the process when it aborts. */
  readonly signal: AbortSignal;
  /**
   * Says that the command ends itself, with all that it started, when its stdin ends. It is then given a moment
   * to do so before its group is killed, and hears of the death of this process too. Otherwise stdin is empty.
   */
  readonly watchesStdin?: boolean | undefined;
}

/** Why a process ended: by itself, or killed for one of three reasons. */
export type ProcessEnd = "exited" | "timeout" | "aborted" | "output";

export interface ProcessResult {
  readonly end: ProcessEnd;
  /** The exit code, minus the signal's number where another's signal ended the process, -1 where it was killed by us. */
  readonly returnCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a command in a process group of its own and resolves when it has ended, whatever its end. What it leaves
 * running in its group is killed then, and never waited for. Rejects when the command cannot be started.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: RunProcessOptions,
): Promise<ProcessResult> {
  const { signal, watchesStdin = false } = options;
  if (signal.aborted) return { end: "aborted", returnCode: -1, stdout: "", stderr: "" };

  const child = spawn(command, args, {
    cwd: options.cwd,
    env: options.env,
    detached: !WINDOWS,
    windowsHide: true,
    stdio: [watchesStdin ? "pipe" : "ignore", "pipe", "pipe"],
  });
  const closed = new Promise((resolve) => child.once("close", resolve));
  const timers: NodeJS.Timeout[] = [];
  let end: ProcessEnd | undefined;

  const stop = (reason: ProcessEnd): void => {
    if (end !== undefined) return;
    end = reason;
    child.stdin?.destroy();
    if (watchesStdin) timers.push(setTimeout(killGroup, STOP_GRACE, child));
    else killGroup(child);
  };
  const collect = (stream: "stdout" | "stderr"): CappedOutput => {
    const output = new CappedOutput(options.keepOutputBytes);
    child[stream]?.on("data", (chunk: Buffer) => {
      output.write(chunk);
      if (output.written > options.maxOutputBytes) stop("output");
    });
    return output;
  };

  const stdout = collect("stdout");
  const stderr = collect("stderr");
  const abort = (): void => stop("aborted");
  signal.addEventListener("abort", abort, { once: true });
  timers.push(setTimeout(stop, Math.min(options.timeout, LONGEST_TIMEOUT), "timeout"));
  // Without a listener a signal that cannot be sent, or a pipe that breaks, would end this process.
  child.on("error", () => {});
  child.stdin?.on("error", () => {});
  try {
    const [code, signalName] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    end ??= "exited";
    killGroup(child);
    // A process that left the group may hold the pipes open for as long as it likes.
    timers.push(setTimeout(closePipes, DRAIN_GRACE, child));
    await closed;
    const returnCode = code ?? -constants.signals[signalName ?? "SIGKILL"];
    return {
      end,
      returnCode: end === "exited" ? returnCode : -1,
      stdout: stdout.toString(),
      stderr: stderr.toString(),
    };
  } finally {
    signal.removeEventListener("abort", abort);
    for (const timer of timers) clearTimeout(timer);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  if (WINDOWS) {
    child.kill();
    return;
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Nobody is left in the group.
  }
}

function closePipes(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}

const WINDOWS = process.platform === "win32";
const STOP_GRACE = 300;
const DRAIN_GRACE = 200;
/** What `setTimeout` can count to; it takes longer times for 1 ms. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
