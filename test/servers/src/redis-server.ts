import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RedisServerOptions {
  /** When a write is on the disk: with `always`, the default, before it is answered. */
  readonly appendfsync?: "always" | "everysec" | "no" | undefined;
  /** Further arguments, such as `["--requirepass", "secret"]`. */
  readonly args?: readonly string[] | undefined;
}

/**
 * A real `redis-server` of its own, on a free port of the loopback interface, that logs what it writes to a temporary
 * folder. It ends with the process that started it, however that ends.
 */
export class RedisServer implements AsyncDisposable {
  readonly port: number;
  readonly #options: RedisServerOptions;
  readonly #folder: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: RedisServerOptions) {
    this.port = port;
    this.#folder = folder;
    this.#options = options;
  }

  /** Resolves once the server answers. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    const folder = await mkdtemp(join(tmpdir(), "agentscope-redis-"));
    // The port is free when it is looked for, but another process may take it before Redis does.
    for (let attempt = 1; ; attempt++) {
      const server = new RedisServer(await freePort(), folder, options);
      try {
        await server.#launch();
        return server;
      } catch (error) {
        if (attempt < 3 && String(error).includes("Address already in use")) continue;
        await rm(folder, { recursive: true, force: true });
        throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Ends the server for good and deletes its data. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Kills the server, paused or not, without giving it time for anything; its data stays for `restart()`. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Makes the server hang: it accepts connections and answers nothing. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  /** Lets a paused server go on. */
  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  /** Shuts the server down, if it runs, and starts it again on the same port and data. Resolves once it answers. */
  async restart(): Promise<void> {
    this.resume();
    await this.#end("SIGTERM");
    await this.#launch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#process;
    this.#process = undefined;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, "exit");
    server.ref();
    server.kill(signal);
    await exit;
  }

  async #launch(): Promise<void> {
    const { appendfsync = "always", args = [] } = this.#options;
    const place = ["--bind", "127.0.0.1", "--port", `${this.port}`, "--dir", this.#folder];
    const storage = ["--save", "", "--appendonly", "yes", "--appendfsync", appendfsync];
    const server = spawn("redis-server", [...place, ...storage, "--daemonize", "no", ...args], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    if (server.pid !== undefined) endWithThisProcess(server, server.pid, this.#folder);
    await untilReady(server);
    this.#process = server;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port.");
  return address.port;
}

async function untilReady(server: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new Error(MISSING, { cause })));
    server.once("exit", () => reject(new Error(`redis-server ended instead of starting:\n${log}`)));
    server.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      log = `${log}${chunk}`.slice(-10_000);
      if (log.includes("Ready to accept connections")) resolve();
    });
  });
  // Read on, or the pipe fills up and the server hangs, but let it keep no test process alive.
  server.stdout?.removeAllListeners("data").resume();
  server.unref();
  Reflect.get(server.stdout ?? {}, "unref")?.call(server.stdout);
}

/** Kills the server and deletes its data when this process is gone, of which a shell learns by the end of its input. */
function endWithThisProcess(server: ChildProcess, pid: number, folder: string): void {
  const script = 'read -r line; kill -9 "$1"; rm -rf "$2"';
  const watch = spawn("sh", ["-c", script, "sh", `${pid}`, folder], {
    stdio: ["pipe", "ignore", "ignore"],
    // A group of its own, so that Ctrl-C ends this process and not the one that tidies up after it.
    detached: true,
  });
  watch.unref();
  Reflect.get(watch.stdin ?? {}, "unref")?.call(watch.stdin);
  server.once("exit", () => watch.kill("SIGKILL"));
}

const MISSING =
  "redis-server can't be started: put it on PATH, for example by `apt-get install redis-server` (Debian, Ubuntu).";
