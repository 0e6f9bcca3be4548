import {
  type AgentEvent,
  type AgentResponse,
  decodeSse,
  isTerminal,
  type Message,
} from "@agentscope-runtime/agent-api";
import type { RunClient, SeenEvent } from "./run-client.ts";

/** Something that is not as it has to be. */
export interface Finding {
  readonly runId: string;
  readonly problem: string;
}

/** Compares what a client has put together from several connections with the log as it is now. */
export async function verifyRun(url: string, { runId, events }: RunClient): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const found = (problem: string) => findings.push({ runId, problem });
  const log = await logOf(url, runId);
  for (const [index, { id, data }] of events.entries()) {
    if (id !== String(index)) found(`the event at place ${index} has the number ${id}`);
    if (log[index]?.data !== data) found(`event ${index} was ${data}, and is ${log[index]?.data}`);
  }
  if (log.length !== events.length) found(`the client has ${events.length} events, the log ${log.length}`);
  const ends = log.map(parse).filter((event) => event.object === "response" && isTerminal(event.status));
  if (ends.length !== 1) found(`there are ${ends.length} terminal events`);
  return findings;
}

/** Compares a session's history with the logs of its runs. */
export async function verifyHistory(
  url: string,
  sessionId: string,
  clients: readonly RunClient[],
): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const history = await historyOf(url, sessionId);
  const seen = new Set<string>();
  for (const { runId, end } of clients) {
    const output = (end as AgentResponse).output ?? [];
    const expected = [`msg_${runId}_input_0`, ...output.map(({ id }) => id)];
    const start = history.findIndex(({ id }) => id.includes(runId));
    const kept = history.slice(start, start + expected.length);
    for (const { id } of kept) seen.add(id);
    const problem = (what: string) => findings.push({ runId, problem: `${what} in ${sessionId}` });
    const wanted = JSON.stringify([undefined, ...output.map(shown)].slice(1));
    if (start === -1) problem("the history has nothing of the run");
    else if (JSON.stringify(kept.slice(1).map(shown)) !== wanted) {
      problem(`the history has ${JSON.stringify(kept.slice(1).map(shown))}, the log ${wanted}`);
    }
  }
  const strays = history.filter(({ id }) => !seen.has(id));
  if (strays.length > 0) {
    const ids = strays.map(({ id }) => id).join(", ");
    findings.push({ runId: "", problem: `the history of ${sessionId} has messages of no run: ${ids}` });
  }
  return findings;
}

/** What history and log must have in common. */
function shown({ id, status, role, content }: Message): unknown {
  return [id, status, role, content?.map((slot) => (slot.type === "text" ? slot.text : slot.type))];
}

async function logOf(url: string, runId: string): Promise<readonly SeenEvent[]> {
  const { body } = await fetch(`${url}/runs/${runId}/events`);
  const events: SeenEvent[] = [];
  if (body !== null) for await (const { id, data } of decodeSse(body)) events.push({ id, data });
  return events;
}

async function historyOf(url: string, sessionId: string): Promise<readonly Message[]> {
  const messages: Message[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ user_id: "user", limit: "1000", ...(cursor !== null && { cursor }) });
    const path = `${url}/sessions/${encodeURIComponent(sessionId)}/messages?${query}`;
    const page = (await (await fetch(path)).json()) as { data: Message[]; next_cursor: string | null };
    messages.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return messages;
}

function parse({ data }: SeenEvent): AgentEvent {
  return JSON.parse(data) as AgentEvent;
}
