import { DeltaLogEntry, JsonLogEntry, type LogEntry, type RunRecord } from "@agentscope-runtime/core";
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

const HEAD = `"object":"content","status":"in_progress","error":null,"type":"text","index":0,"delta":true,"msg_id":"msg_1","text":`;

/** How many entries a run has besides its tokens. */
const MORE = 6;

function newLog(): readonly LogEntry[] {
  const text = Array.from({ length: TOKENS }, (_, index) => `token${index} `).join("");
  const slot = {
    object: "content",
    status: "completed",
    error: null,
    type: "text",
    index: 0,
    delta: false,
    msg_id: "msg_1",
    text,
  };
  const message = {
    object: "message",
    error: null,
    id: "msg_1",
    type: "message",
    role: "assistant",
    metadata: null,
  };
  const response = {
    object: "response",
    error: null,
    id: run.id,
    created_at: 0,
    completed_at: null,
    session_id: "session",
    output: null,
    usage: null,
  };
  const ended = { ...message, status: "completed", content: [slot] };
  return [
    ...entries(0, [
      { ...response, status: "created" },
      { ...response, status: "in_progress" },
      { ...message, status: "in_progress", content: null },
    ]),
    ...Array.from({ length: TOKENS }, (_, index) => new DeltaLogEntry(3 + index, HEAD, `token${index} `)),
    ...entries(3 + TOKENS, [
      slot,
      ended,
      { ...response, status: "completed", completed_at: 1, output: [ended] },
    ]),
  ];
}

function entries(first: number, events: readonly object[]): readonly LogEntry[] {
  return events.map(
    (event, index) =>
      new JsonLogEntry(first + index, JSON.stringify({ sequence_number: first + index, ...event })),
  );
}
