import { type AgentSubscriber, HttpAgent, type RunAgentParameters } from "@ag-ui/client";
import type { BaseEvent, RunAgentInput, RunFinishedEvent } from "@ag-ui/core";

/** The SDK's client, which remembers the events of its last run, and can ask for the binary form. */
export class Client extends HttpAgent {
  binary = false;
  events: BaseEvent[] = [];
  readonly #watchers = new Set<() => void>();

  protected override requestInit(input: RunAgentInput): RequestInit {
    const init = super.requestInit(input);
    if (!this.binary) return init;
    const accept = "application/vnd.ag-ui.event+proto, text/event-stream";
    return { ...init, headers: { ...(init.headers as Record<string, string>), Accept: accept } };
  }

  /** Says something and resolves to the types of the events that come back, each run of equal ones as one. */
  async say(text: string, parameters: RunAgentParameters = {}): Promise<string[]> {
    this.addMessage({ id: crypto.randomUUID(), role: "user", content: text });
    return this.ask(parameters);
  }

  async ask(parameters: RunAgentParameters = {}, subscriber: AgentSubscriber = {}): Promise<string[]> {
    this.events = [];
    let failure: Error | undefined;
    await this.runAgent(parameters, {
      ...subscriber,
      onEvent: (params) => {
        this.events.push(params.event);
        for (const look of this.#watchers) look();
        return subscriber.onEvent?.(params);
      },
      // An error is the test's to look at, not the console's.
      onRunFailed: ({ error }) => {
        failure = error;
        return { stopPropagation: true } as object;
      },
    });
    if (failure !== undefined) throw failure;
    const types: string[] = this.events.map(({ type }) => type);
    return types.filter((type, index) => type !== types[index - 1]);
  }

  /** Resolves once the last run has had an event of that type. */
  async seen(type: string): Promise<void> {
    while (!this.events.some((event) => event.type === type)) {
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** The last event of the last run. */
  get end(): RunFinishedEvent {
    return this.events.at(-1) as RunFinishedEvent;
  }

  /** Who says what, as the client has it. */
  get talk(): readonly (readonly [string, unknown])[] {
    return this.messages.map((message) => [message.role, "content" in message ? message.content : undefined]);
  }
}

/** A client of the agent at that address; `threadId` is made up where it is left out. */
export function clientOf(
  url: string,
  options: { readonly path?: string; readonly threadId?: string; readonly token?: string } = {},
): Client {
  const { path = "/ag-ui", threadId = crypto.randomUUID(), token } = options;
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return new Client({ url: `${url}${path}`, threadId, headers });
}

/** A client that joins the thread of another one, and knows nothing of it. */
export function joining(client: Client, token?: string): Client {
  const { url, threadId } = client;
  return clientOf(url, { path: "/connect", threadId, ...(token === undefined ? {} : { token }) });
}
