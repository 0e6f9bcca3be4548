import { type LogEntry, MessageAssembler, type RunRecord } from "@agentscope-runtime/core";
import { newA2AEventState, toA2AEvents } from "@agentscope-runtime/protocols-a2a";
import { newAgUiEventState, toAgUiEvents } from "@agentscope-runtime/protocols-ag-ui";
import { newMcpProgressState, toMcpProgress } from "@agentscope-runtime/protocols-mcp";
import {
  newChatChunkState,
  newOpenAIEventState,
  toChatChunks,
  toOpenAIEvents,
} from "@agentscope-runtime/protocols-openai";
import { median } from "./median.ts";
import { TOKENS } from "./script.ts";

/** Makes what goes over the wire of the entries of one run, and says how much that is. */
type Encode = (log: readonly LogEntry[]) => number;

interface PureEncoder {
  readonly name: string;
  readonly encode: Encode;
}

const session = { agent: "Friday", userId: "user", sessionId: "session" };
const request = { id: "response_1", input: [], session_id: "session", user_id: "user", stream: true };
const run = { id: request.id, session, request } as unknown as RunRecord;

/** The encoders without a server: each serialises what it makes, but for the Agent API's, which sends what is stored. */
export const pureEncoders: readonly PureEncoder[] = [
  {
    name: "Agent API",
    encode: (log) => log.reduce((sum, { seq, json }) => sum + `id: ${seq}\ndata: ${json}\n\n`.length, 0),
  },
  { name: "OpenAI Responses", encode: encoderOf(() => newOpenAIEventState(run), toOpenAIEvents) },
  { name: "OpenAI Chat", encode: encoderOf(() => newChatChunkState(run), toChatChunks) },
  { name: "A2A", encode: encoderOf(() => newA2AEventState(run), toA2AEvents) },
  { name: "AG-UI", encode: encoderOf(() => newAgUiEventState(run), toAgUiEvents) },
  { name: "MCP progress", encode: encoderOf(() => newMcpProgressState(), toMcpProgress) },
];

/** Microseconds of CPU that an entry takes, the parsing of the stored event included, which the others need. */
export function timePerEntry(encode: Encode): number {
  const times: number[] = [];
  for (let round = 0; round < 40; round++) {
    // An entry keeps the event that was parsed.
    const logs = Array.from({ length: 100 }, newLog);
    const before = process.cpuUsage();
    for (const log of logs) encode(log);
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / (logs.length * (TOKENS + MORE)));
  }
  return median(times);
}

function encoderOf<State>(
  newState: () => State,
  toEvents: (entry: LogEntry, state: State) => readonly unknown[],
): Encode {
  return (log) => {
    const state = newState();
    let length = 0;
    for (const entry of log)
      for (const event of toEvents(entry, state)) length += JSON.stringify(event).length;
    return length;
  };
}

/** How many entries a run has besides its tokens. */
const MORE = 6;

/** The log of one run, as the engine makes it. */
function newLog(): readonly LogEntry[] {
  const assembler = new MessageAssembler({ responseId: run.id, sessionId: "session", now: () => 0 });
  assembler.status("created");
  assembler.status("in_progress");
  for (let index = 0; index < TOKENS; index++)
    assembler.push({ kind: "text-delta", messageId: "msg_1", text: `token${index} ` });
  assembler.close("completed");
  const end = assembler.terminal({ status: "completed" });
  return [...assembler.take(), end];
}
