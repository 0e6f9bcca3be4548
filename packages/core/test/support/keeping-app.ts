import type { Message } from "@agentscope-runtime/agent-api";
import {
  type AgentApp,
  type AgentAppOptions,
  type HandlerContext,
  InMemoryMemoryService,
  InMemorySessionHistoryService,
  InMemoryStateService,
  text,
} from "@agentscope-runtime/core";
import { quietApp } from "./quiet-app.ts";

/** Services that outlive the apps that use them. */
export class Services {
  readonly state: InMemoryStateService;
  readonly history: InMemorySessionHistoryService = new InMemorySessionHistoryService();
  readonly memory: InMemoryMemoryService = new InMemoryMemoryService();

  constructor(state: InMemoryStateService = new InMemoryStateService()) {
    this.state = state;
  }

  /** What there is of a session: rounds of state, messages, memories. */
  async kept(session: { agent: string; userId: string; sessionId: string }): Promise<unknown[]> {
    return [
      (await this.state.exportState(session)) ?? null,
      (await this.history.getSession(session))?.messageCount ?? null,
      (await this.memory.listMemory(session)).items.length,
    ];
  }
}

/** What the handler does after it has said its words, and before it keeps its state. */
export type Pause = (context: HandlerContext<readonly Message[], Services>) => Promise<void> | void;

/** An app that says how often it was asked in this session, and keeps that as state, history and memory. */
export function keepingApp(
  services: Services,
  pause: Pause = () => undefined,
  options: Partial<AgentAppOptions> = {},
): AgentApp<Services> {
  return quietApp(options)
    .init(async () => {
      await Promise.all(Object.values(services).map((service) => service.start()));
      return services;
    })
    .services(({ history }) => ({ history }))
    .query(text(), async function* (context) {
      const { session, msgs, resources } = context;
      const { asked = 0 } = ((await resources.state.exportState(session)) ?? {}) as { asked?: number };
      yield `Asked ${asked + 1} times`;
      await pause(context);
      await resources.memory.addMemory(session, msgs);
      await resources.state.saveState(session, { asked: asked + 1 });
    });
}
