import type { Message } from "@agentscope-runtime/agent-api";
import type { A2AMessage } from "./a2a-task.ts";
import { splitDetails } from "./part-details.ts";
import { toA2AParts } from "./to-a2a-parts.ts";

export interface TaskPlace {
  readonly taskId: string;
  readonly contextId: string;
}

/** The messages of a run's input, as far as user or agent have said them. */
export function toA2AHistory(input: readonly Message[], { taskId, contextId }: TaskPlace): A2AMessage[] {
  return input.flatMap((message): A2AMessage[] => {
    const { id, type } = message;
    const role = ROLES[message.role ?? "user"];
    const { details, metadata } = splitDetails(message.metadata);
    const parts = toA2AParts(message, details);
    if (role === undefined || parts.length === 0) return [];
    const told = { ...metadata, ...(type === "message" ? {} : { type }) };
    return [
      {
        messageId: id,
        contextId,
        taskId,
        role,
        parts,
        ...(Object.keys(told).length === 0 ? {} : { metadata: told }),
      },
    ];
  });
}

const ROLES: Readonly<Record<string, A2AMessage["role"]>> = { user: "ROLE_USER", assistant: "ROLE_AGENT" };
