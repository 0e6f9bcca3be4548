import { AgentApp, type AgentAppOptions, a2a, agUi, mcp, openai } from "agentscope-runtime";
import { onTestFinished } from "vitest";

/** An app named Friday that speaks every protocol, A2A over gRPC too, and logs nothing. */
export function everyProtocol(options: Partial<AgentAppOptions> = {}): AgentApp {
  return new AgentApp({
    name: "Friday",
    description: "A helpful assistant",
    log: { level: "silent" },
    drainGrace: 50,
    protocols: [openai(), a2a({ grpc: { port: 0 } }), agUi(), mcp()],
    ...options,
    streams: { disconnectGrace: 20, ...options.streams },
    runs: { cancelGrace: 50, settleTimeout: 200, ...options.runs },
  });
}

/** Serves the app on a free port of this machine until the test ends. */
export async function serve(app: AgentApp<never> | AgentApp<unknown>): Promise<string> {
  const running = await app.listen({ port: 0 });
  onTestFinished(() => running.close());
  return running.url;
}

/** A run, as the Agent API shows it. */
export interface RunView {
  readonly id: string;
  readonly status: string;
  readonly session_id: string;
  readonly user_id: string;
  readonly cancel_reason: string | null;
}

export async function runOf(url: string, id: string): Promise<RunView> {
  return (await fetch(`${url}/runs/${id}`)).json() as Promise<RunView>;
}

/** The runs of a session, the newest first. */
export async function runsOf(url: string, session = ""): Promise<readonly RunView[]> {
  const answer = await fetch(`${url}/runs${session && `?session_id=${encodeURIComponent(session)}`}`);
  return ((await answer.json()) as { readonly data: readonly RunView[] }).data;
}
