import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { StoreName } from "./store.ts";

/** `protocols` has all of them on; `runtime` speaks the Agent API only. */
export type ServerKind = "bare" | "runtime" | "protocols";

/** A server under measurement, in a process of its own. */
export class MeasuredServer implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, port: number) {
    this.#process = process;
    this.port = port;
  }

  /** Ours keeps its runs in memory, or where `store` says. */
  static async start(
    kind: ServerKind,
    store: readonly [name: StoreName, location: string] | [] = [],
  ): Promise<MeasuredServer> {
    const execArgv = ["--expose-gc", "--conditions=@agentscope-runtime/source"];
    const child = fork(join(import.meta.dirname, "server.ts"), [kind, ...store], { execArgv });
    const [port] = await once(child, "message");
    return new MeasuredServer(child, port as number);
  }

  /** Microseconds of CPU that the process used since the last call. */
  cpu(): Promise<number> {
    return this.#ask("cpu");
  }

  /** Bytes, after a garbage collection that leaves nothing. */
  residentMemory(): Promise<number> {
    return this.#ask("memory");
  }

  /** Milliseconds of a turn of the loop that does nothing else. */
  turn(): Promise<number> {
    return this.#ask("turn");
  }

  async #ask(question: "cpu" | "memory" | "turn"): Promise<number> {
    this.#process.send(question);
    const [answer] = await once(this.#process, "message");
    return answer as number;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exit = once(this.#process, "exit");
    this.#process.kill("SIGKILL");
    await exit;
  }
}
