import type { MemoryService } from "../contracts/memory-service.ts";
import { isService, type Service } from "../contracts/service.ts";
import type { SessionHistoryService } from "../contracts/session-history-service.ts";
import type { StateService } from "../contracts/state-service.ts";
import type { HostedAgent } from "./hosted-agent.ts";

/** The services that keep something of an agent's sessions. */
export interface SessionServices {
  readonly states: readonly StateService[];
  readonly histories: readonly SessionHistoryService[];
  readonly memories: readonly MemoryService[];
}

/** The services that the app names to the engine, then those that its `init` returned, known by their methods. */
export function sessionServices({ services, resources }: HostedAgent): SessionServices {
  const { state, history, memory } = services;
  const known = new Set<unknown>([state, history, memory, ...Object.values(resources ?? {})]);
  const found = [...known].filter(isService);
  return {
    states: found.filter((service) => can<StateService>(service, "exportState", "deleteState")),
    histories: found.filter((service) => can<SessionHistoryService>(service, "getMessages", "deleteSession")),
    memories: found.filter((service) => can<MemoryService>(service, "addMemory", "deleteMemory")),
  };
}

function can<Kind extends Service>(
  service: Service,
  ...methods: readonly (keyof Kind & string)[]
): service is Kind {
  return methods.every((method) => typeof Reflect.get(service, method) === "function");
}
