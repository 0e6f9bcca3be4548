import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentEvent, type AgentResponse, decodeSse } from "@agentscope-runtime/agent-api";

/** The quick start in a process of its own, on a free port. */
export class Friday implements AsyncDisposable {
  readonly url: string;
  /** What it printed until it listened. */
  readonly greeting: string;
  readonly #process: ReturnType<typeof spawn>;

  /** The folder that goes when it ends. */
  readonly #own: string | undefined;

  private constructor(process: ReturnType<typeof spawn>, greeting: string, own: string | undefined) {
    this.#process = process;
    this.#own = own;
    this.greeting = greeting;
    this.url = /^Friday listens at (\S+)$/m.exec(greeting)?.[1] ?? "";
  }

  /** Remembers in a folder of its own, or in the one that `DATA_DIR` names. */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Friday> {
    const DATA_DIR = env.DATA_DIR ?? (await mkdtemp(join(tmpdir(), "friday-")));
    const own = env.DATA_DIR === undefined ? DATA_DIR : undefined;
    const child = spawn(process.execPath, ["--conditions=@agentscope-runtime/source", "src/main.ts"], {
      cwd: join(import.meta.dirname, ".."),
      env: { PATH: process.env.PATH, PORT: "0", ...env, DATA_DIR },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let printed = "";
    for await (const chunk of child.stdout.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      printed += chunk;
      if (printed.includes("/sessions?user_id=me'\n")) break;
    }
    child.stdout.resume();
    return new Friday(child, printed, own);
  }

  post(path: string, body: unknown, options: RequestInit = {}): Promise<Response> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers = { "content-type": "application/json", ...options.headers };
    return fetch(`${this.url}${path}`, { ...options, method: "POST", body: text, headers });
  }

  /** Says something and resolves to the terminal response. */
  async ask(text: string, sessionId: string): Promise<AgentResponse> {
    const response = await this.post("/process", {
      ...userInput(text),
      session_id: sessionId,
      stream: false,
    });
    return (await response.json()) as AgentResponse;
  }

  /** Resolves when it has ended. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, "exit");
    this.#process.kill(signal);
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end("SIGKILL");
    if (this.#own !== undefined) await rm(this.#own, { recursive: true, force: true });
  }
}

export function userInput(text: string): { input: object[] } {
  return { input: [{ role: "user", content: [{ type: "text", text }] }] };
}

/** One event of a stream with its SSE id. */
export interface ReceivedEvent {
  readonly id: string | undefined;
  readonly event: AgentEvent;
}

export async function* eventsOf(response: Response): AsyncGenerator<ReceivedEvent> {
  if (response.body === null) throw new Error("The answer has no body.");
  for await (const { id, data } of decodeSse(response.body))
    yield { id, event: JSON.parse(data) as AgentEvent };
}

/** The text of all messages of the type `message`, one after the other. */
export function textOf(response: AgentResponse): string {
  return (response.output ?? [])
    .filter((message) => message.type === "message")
    .flatMap((message) => message.content ?? [])
    .map((content) => (content.type === "text" ? content.text : ""))
    .join(" ");
}
