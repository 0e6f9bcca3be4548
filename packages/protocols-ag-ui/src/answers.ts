import type { ResumeEntry } from "@ag-ui/core";
import type { MessageInput } from "@agentscope-runtime/agent-api";
import { invalid } from "./run-input.ts";

export interface Answers {
  /** The entries that answer an open interrupt. */
  readonly resume: readonly ResumeEntry[];
  /** The ids of the others. */
  readonly unknown: readonly string[];
}

/**
 * Which of the entries answer what the thread waits for; throws `INVALID_PARAMETER` where an interrupt is left open, since
 * the agent may not go on as if that had been answered.
 */
export function answersOf(entries: readonly ResumeEntry[], interruptIds: readonly string[]): Answers {
  // Of two answers to one question the last one counts.
  const given = new Map(entries.map((entry) => [entry.interruptId, entry]));
  const resume = interruptIds.map((id) => given.get(id)).filter((entry) => entry !== undefined);
  const open = interruptIds.filter((id) => !given.has(id));
  if (open.length > 0) {
    const message = `The thread waits for answers: resume has to have an entry for each of ${open.join(", ")}.`;
    throw invalid(message, { open_interrupts: open });
  }
  return { resume, unknown: [...given.keys()].filter((id) => !interruptIds.includes(id)) };
}

/**
 * An answer as a message to the agent: a decision where the payload has one, else what it says. An abandoned question is a
 * decision against.
 */
export function toAnswer({ interruptId, status, payload }: ResumeEntry): MessageInput {
  if (status === "cancelled") return decision(interruptId, false, "The question was not answered.");
  const { approved, reason } = fieldsOf(payload);
  const approve = typeof payload === "boolean" ? payload : approved;
  if (typeof approve === "boolean") {
    return decision(interruptId, approve, typeof reason === "string" ? reason : null);
  }
  const content =
    typeof payload === "string"
      ? ({ type: "text", text: payload } as const)
      : ({ type: "data", data: { interrupt_id: interruptId, payload: payload ?? null } } as const);
  return { type: "message", role: "user", status: "completed", content: [content] };
}

function decision(id: string, approve: boolean, reason: string | null): MessageInput {
  const data = { approval_request_id: id, approve, id: null, reason };
  return {
    type: "mcp_approval_response",
    role: "user",
    status: "completed",
    content: [{ type: "data", data }],
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}
