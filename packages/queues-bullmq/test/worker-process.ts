import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("./worker-main.ts", import.meta.url));

/** A process that works on the tasks `name` and on the runs of `agent`, and says what it does, a line each. */
export class WorkerProcess {
  readonly #process: ChildProcess;
  readonly #lines: string[];
  readonly #exit: Promise<unknown>;
  #waiting: (() => void) | undefined;

  private constructor(process: ChildProcess, lines: string[]) {
    this.#process = process;
    this.#lines = lines;
    this.#exit = once(process, "close");
  }

  /** Resolves once it works. */
  static async start(url: string, prefix: string): Promise<WorkerProcess> {
    const args = ["--conditions=@agentscope-runtime/source", "--no-warnings", SCRIPT, url, prefix];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    // However this process ends, the worker shall not stay.
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("close", () => process.off("exit", end));
    const lines: string[] = [];
    const worker = new WorkerProcess(child, lines);
    createInterface(child.stdout).on("line", (line) => {
      lines.push(line);
      worker.#waiting?.();
    });
    await worker.said("ready");
    return worker;
  }

  /** Resolves once it has said so. */
  async said(line: string): Promise<void> {
    while (!this.#lines.includes(line)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = resolve;
      await promise;
    }
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    this.#process.kill(signal);
    await this.#exit;
  }
}
