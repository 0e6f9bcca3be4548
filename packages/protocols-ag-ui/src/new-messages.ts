import type { Message } from "@ag-ui/core";
import type { RunSummary } from "@agentscope-runtime/core";
import { callBodyOf, kindOf } from "./call-body.ts";
import type { Thread } from "./thread.ts";

/**
 * The messages that the agent has not seen yet: clients send the whole conversation each time, of which the agent's memory
 * has the rest. A thread that is not known here is new from its first message on. With nothing new, what was asked last
 * is asked again, unless the request `answers` something.
 */
export async function newMessages(
  thread: Thread,
  latest: readonly RunSummary[],
  messages: readonly Message[],
  answers: boolean,
): Promise<readonly Message[]> {
  if (latest.length === 0 && !(await thread.isRemembered())) return messages;
  for (const run of latest) {
    // What was canceled before its turn came no agent has heard.
    if (run.completedAt !== undefined && run.startedAt === undefined) continue;
    const known = await knownIds(thread, run);
    const last = messages.findLastIndex((message) => isKnown(message, known));
    if (last === -1) continue;
    const added = messages.slice(last + 1);
    return added.length > 0 || answers ? added : lastTurn(messages);
  }
  return lastTurn(messages);
}

/** What follows the agent's last word. */
function lastTurn(messages: readonly Message[]): readonly Message[] {
  const last = messages.findLastIndex(({ role }) => role === "assistant" || role === "reasoning");
  return messages.slice(last + 1);
}

/** The ids of a run's messages and calls. */
async function knownIds(thread: Thread, run: RunSummary): Promise<ReadonlySet<string>> {
  const all = [...(await thread.input(run)), ...(await thread.output(run))];
  const calls = all.filter(({ type }) => kindOf(type) === "call");
  const callIds = calls.map(({ content }) => callBodyOf(content?.at(-1)).callId);
  return new Set([...all.map(({ id }) => id), ...callIds].filter(Boolean));
}

function isKnown(message: Message, known: ReadonlySet<string>): boolean {
  if (known.has(message.id)) return true;
  return message.role === "assistant" && (message.toolCalls ?? []).some(({ id }) => known.has(id));
}
