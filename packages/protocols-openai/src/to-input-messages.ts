import type { MessageInput } from "@agentscope-runtime/agent-api";
import { type CompactionBounds, CompactionReader } from "./compaction.ts";
import type { InputItem } from "./input-item.ts";
import { toAgentMessages } from "./to-agent-messages.ts";

/** The messages that a list of items stands for. `param` is the list's name in errors. */
export function toInputMessages(
  items: readonly InputItem[],
  bounds: CompactionBounds,
  param: string,
): readonly MessageInput[] {
  const reader = new CompactionReader(bounds);
  let messages: MessageInput[] = [];
  for (const [index, item] of items.entries()) {
    if (item.type !== "compaction") {
      messages.push(...toAgentMessages(item));
      continue;
    }
    const compaction = reader.read(item.encrypted_content, `${param}[${index}].encrypted_content`);
    // Clients see some of the messages beside it, and send them back with it.
    const known = new Set<unknown>(compaction.stands_for);
    messages = [...messages.filter(({ id }) => !known.has(id)), ...compaction.messages];
  }
  return messages;
}
