import type { ChatMessage } from "./chat-message.ts";

/**
 * Gives every tool call its result, right behind it, as the APIs demand: results that came later are moved up, a missing
 * one is replaced by a note, and a result without a call becomes text.
 */
export function pairToolMessages(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const { resultOf, matched } = matchResults(messages);
  return messages.flatMap((message, position) => {
    if (message.role === "tool") return matched.has(message) ? [] : [asUserText(message)];
    if (message.tool_calls === undefined) return [message];
    const ids = new Set<string>();
    const answers: ChatMessage[] = [];
    const calls = message.tool_calls.map((call, index) => {
      const id = call.id === "" || ids.has(call.id) ? `call_${position}_${index}` : call.id;
      ids.add(id);
      const { name } = call.function;
      const result = resultOf.get(call) ?? { role: "tool", content: NO_RESULT };
      answers.push({ ...(name === "" ? {} : { name }), ...result, tool_call_id: id });
      return { ...call, id };
    });
    return [{ ...message, tool_calls: calls }, ...answers];
  });
}

type Call = NonNullable<ChatMessage["tool_calls"]>[number];

function matchResults(messages: readonly ChatMessage[]): {
  readonly resultOf: ReadonlyMap<Call, ChatMessage>;
  readonly matched: ReadonlySet<ChatMessage>;
} {
  const resultOf = new Map<Call, ChatMessage>();
  const matched = new Set<ChatMessage>();
  // Some models use the same ids in every turn: a result belongs to the last message that has such a call.
  const open = new Map<string, Call[]>();
  for (const message of messages) {
    for (const [id, calls] of Map.groupBy(message.tool_calls ?? [], (call) => call.id)) open.set(id, calls);
    if (message.role !== "tool") continue;
    const call = open.get(message.tool_call_id ?? "")?.shift();
    if (call === undefined) continue;
    resultOf.set(call, message);
    matched.add(message);
  }
  return { resultOf, matched };
}

const NO_RESULT = "The call was interrupted: no result was recorded.";

function asUserText({ name, content }: ChatMessage): ChatMessage {
  return { role: "user", content: `The tool ${name || "without a name"} returned: ${String(content)}` };
}
