import type { Message, Usage } from "@agentscope-runtime/agent-api";
import { type ChatUsage, type ContentBlock, type FinishedReason, Msg } from "@agentscope-runtime/agentscope";
import { CallIds } from "./call-ids.ts";
import { type OriginalMessage, readOriginal } from "./original-message.ts";
import { toContentBlocks } from "./to-content-blocks.ts";

/**
 * The messages as AgentScope's own. Messages that were one `Msg` become one again, with the id, name and blocks it had;
 * nothing that a valid message may hold makes this throw.
 */
export function toAgentscopeMessages(messages: readonly Message[]): Msg[] {
  const callIds = new CallIds();
  const groups = new Map<string | Message, Group>();
  for (const message of messages) {
    const original = readOriginal(message.metadata);
    const key = original.id ?? message;
    const group = groups.get(key) ?? {
      message,
      original,
      blocks: [],
      usage: undefined,
      finishedReason: original.finishedReason,
    };
    groups.set(key, group);
    group.blocks.push(...toContentBlocks(message, original, callIds));
    group.usage = toChatUsage(message.usage) ?? group.usage;
    group.finishedReason ??= brokenBy(message);
  }
  return [...groups.values()].map(toMsg);
}

/** The messages of one `Msg`; the first of them says whose it is. */
interface Group {
  readonly message: Message;
  readonly original: OriginalMessage;
  readonly blocks: ContentBlock[];
  usage: ChatUsage | undefined;
  finishedReason: FinishedReason | undefined;
}

function toMsg({ message, original, blocks, usage, finishedReason }: Group): Msg {
  const role = original.role ?? toRole(message);
  const [block] = blocks;
  const text = block?.type === "text" && typeof block.text === "string" ? block.text : undefined;
  const isString = original.isString && blocks.length === 1;
  return new Msg(original.name ?? role, (isString ? text : undefined) ?? blocks, role, {
    id: original.id ?? message.id,
    metadata: original.metadata,
    timestamp: original.timestamp,
    usage,
    finishedReason,
  });
}

// A message that does not say who speaks is the caller's; reasoning, calls and outputs are an agent's.
function toRole({ role, type }: Message): Msg["role"] {
  if (role === "tool") return "system";
  return role ?? (type === "message" ? "user" : "assistant");
}

// An output that broke off says so in its block.
function brokenBy({ status, type }: Message): FinishedReason | undefined {
  return status === "incomplete" && !type.endsWith("_call_output") ? "interrupted" : undefined;
}

function toChatUsage(usage: Usage | null): ChatUsage | undefined {
  if (usage === null) return undefined;
  const { input_tokens, output_tokens, time } = usage;
  const isComplete = [input_tokens, output_tokens, time].every((value) => typeof value === "number");
  return isComplete ? (usage as ChatUsage) : undefined;
}
