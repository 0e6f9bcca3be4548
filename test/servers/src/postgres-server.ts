import { type ChildProcess, execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { PostgresHome, unreference } from "./postgres-home.ts";

export interface PostgresServerOptions {
  /** Settings of the server by name, such as `{ fsync: "off" }` where no test is about durability. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/**
 * A real Postgres of its own, on a free port of the loopback interface, with its data in a temporary folder. It ends, and
 * the folder goes, with the process that started it, however that ends.
 */
export class PostgresServer implements AsyncDisposable {
  readonly #home: PostgresHome;
  readonly #port: number;
  readonly #arguments: readonly string[];
  #process: ServerProcess | undefined;
  #paused: readonly number[] = [];
  #databases = 0;

  private constructor(home: PostgresHome, port: number, { settings = {} }: PostgresServerOptions) {
    this.#home = home;
    this.#port = port;
    const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    this.#arguments = ["-D", home.data, "-p", `${port}`, ...flags];
  }

  /** Resolves to a server that takes connections. */
  static async start(options: PostgresServerOptions = {}): Promise<PostgresServer> {
    const home = await PostgresHome.create();
    for (let attempt = 1; ; attempt++) {
      const server = new PostgresServer(home, await freePort(), options);
      try {
        await server.#start();
        return server;
      } catch (error) {
        // Somebody else may have taken the port in between.
        if (attempt < 5 && `${error}`.includes("Address already in use")) continue;
        await home.remove();
        throw error;
      }
    }
  }

  /** Of the database that is always there, as its superuser. */
  get url(): string {
    return this.#urlOf("postgres");
  }

  /** Creates an empty database and resolves to its URL. */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}_${randomUUID().slice(0, 8)}`;
    const client = new Client({ connectionString: this.url });
    await client.connect();
    try {
      await client.query(`create database ${name}`);
    } finally {
      await client.end();
    }
    return this.#urlOf(name);
  }

  /** Shuts down in order, and removes the data. */
  async stop(): Promise<void> {
    await this.#end("SIGINT");
    await this.#home.remove();
  }

  /** Ends every process of the server at once, as a crash would. The data stays. */
  async kill(): Promise<void> {
    const pids = await this.#pids();
    await this.#end("SIGKILL");
    for (const pid of pids) signal(pid, "SIGKILL");
    // Their parent is gone, so that there is no event to wait for.
    while ((await processes()).some(([pid]) => pids.includes(pid))) await sleep(10);
  }

  /** Freezes the server: it keeps its connections, takes new ones, and answers nobody. */
  async pause(): Promise<void> {
    // The first is the parent of the others: once it is frozen, no more of them come.
    const [parent] = await this.#pids();
    if (parent !== undefined) signal(parent, "SIGSTOP");
    this.#paused = await this.#pids();
    this.#home.endLater(this.#paused);
    for (const pid of this.#paused) signal(pid, "SIGSTOP");
  }

  /** Lets a frozen server go on. */
  async resume(): Promise<void> {
    for (const pid of this.#paused.toReversed()) signal(pid, "SIGCONT");
    this.#paused = [];
  }

  /** Resolves once the server runs again, with the same port and data; one that still runs is shut down in order. */
  async restart(): Promise<void> {
    await this.#end("SIGINT");
    await this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #start(): Promise<void> {
    this.#process = await ServerProcess.start(this.#home, this.#arguments);
    this.#home.endLater([this.#process.pid]);
  }

  async #end(name: "SIGINT" | "SIGKILL"): Promise<void> {
    await this.resume();
    await this.#process?.end(name);
    this.#process = undefined;
    this.#home.endLater([]);
  }

  async #pids(): Promise<readonly number[]> {
    const pid = this.#process?.pid;
    return pid === undefined ? [] : [pid, ...(await childrenOf(pid))];
  }

  #urlOf(database: string): string {
    return `postgres://postgres:${this.#home.password}@127.0.0.1:${this.#port}/${database}`;
  }
}

/** A server that was started and not yet seen to end. */
class ServerProcess {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;

  private constructor(child: ChildProcess) {
    this.#process = child;
    this.pid = child.pid ?? 0;
    this.#ended = child.exitCode === null ? once(child, "exit") : Promise.resolve();
  }

  static async start(home: PostgresHome, args: readonly string[]): Promise<ServerProcess> {
    const child = home.spawn(args);
    let log = "";
    await new Promise<void>((resolve, reject) => {
      const fail = (cause?: Error) => reject(new Error(`Postgres did not start:\n${log}`, { cause }));
      child.once("error", fail).once("close", () => fail());
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        // Read to the end of its life, or the pipe would fill; kept until it has started only.
        if (log.length < 100_000) log += text;
        if (text.includes("ready to accept connections")) resolve();
      });
    });
    unreference(child);
    return new ServerProcess(child);
  }

  async end(name: "SIGINT" | "SIGKILL"): Promise<void> {
    this.#process.kill(name);
    const stubborn = setTimeout(() => this.#process.kill("SIGKILL"), 10_000);
    await this.#ended;
    clearTimeout(stubborn);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function childrenOf(parent: number): Promise<number[]> {
  const isChild = ([, other]: readonly number[]) => other === parent;
  return (await processes()).filter(isChild).map(([pid = 0]) => pid);
}

/** Every process that has not ended, and its parent. */
async function processes(): Promise<(readonly [number, number])[]> {
  if (process.platform !== "linux") {
    const { stdout } = await promisify(execFile)("ps", ["-A", "-o", "pid=,ppid="]);
    return [...stdout.matchAll(/(\d+)\s+(\d+)/g)].map(([, pid, parent]) => [Number(pid), Number(parent)]);
  }
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return stats.flatMap((text, index) => {
    // The name before the last bracket may hold anything. A zombie has ended, but nobody took note.
    const parent = /.*\) [^ZX] (\d+)/s.exec(text)?.[1];
    return parent === undefined ? [] : [[Number(pids[index]), Number(parent)] as const];
  });
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended.
  }
}
