import type { AgentEvent, Content, Message } from "@agentscope-runtime/agent-api";

/** A run as a client has it that adds up events. */
export interface Folded {
  readonly status: string | undefined;
  readonly messages: readonly unknown[];
}

/** What a client has after each of the events. */
export function foldEvents(events: readonly AgentEvent[]): Folded[] {
  const messages = new Map<string, Message>();
  let status: string | undefined;
  let attempt = 1;
  return events.map((event) => {
    if ((event.attempt ?? 1) > attempt) messages.clear();
    attempt = event.attempt ?? 1;
    if (event.object === "response") {
      status = event.status;
      if (event.output !== null) messages.clear();
      for (const message of event.output ?? []) messages.set(message.id, structuredClone(message));
    } else if (event.object === "message") {
      messages.set(event.id, structuredClone(event));
    } else {
      addContent(messages.get(event.msg_id ?? ""), event);
    }
    return { status, messages: [...messages.values()].map(shown) };
  });
}

function addContent(message: Message | undefined, content: Content): void {
  if (message === undefined) throw new Error(`There is no message ${content.msg_id}.`);
  message.content ??= [];
  const known = message.content[content.index ?? 0];
  const slot = structuredClone(content);
  if (content.delta && known?.type === "text" && slot.type === "text") {
    slot.text = `${known.text}${slot.text}`;
  } else if (content.delta && known?.type === "refusal" && slot.type === "refusal") {
    slot.refusal = `${known.refusal}${slot.refusal}`;
  }
  message.content[content.index ?? 0] = slot;
}

function shown({ sequence_number, attempt, content, ...message }: Message): unknown {
  const slots = (content ?? []).map(({ sequence_number, attempt, delta, ...slot }) => slot);
  return { ...message, content: slots };
}
