/** One tool call of a {@link FakeReply}. */
export interface FakeToolCall {
  readonly name: string;
  /** Sent with the first fragment only; later ones carry `""`, as DashScope does. `""` leaves it out. Default: `call_<n>`. */
  readonly id?: string | undefined;
  /** An object is sent as one fragment of JSON, a string as it is, an array one fragment after the other. */
  readonly arguments: string | readonly string[] | Readonly<Record<string, unknown>>;
}

/** What the fake model answers to one request. Everything is optional; `{}` is an empty, complete answer. */
export interface FakeReply {
  /** Thoughts, sent as `reasoning_content`; an array gives the chunks. */
  readonly reasoning?: string | readonly string[] | undefined;
  /** The answer; an array gives the chunks. */
  readonly text?: string | readonly string[] | undefined;
  /** Sent after the text; with several calls the fragments interleave. */
  readonly toolCalls?: readonly FakeToolCall[] | undefined;
  /** Chunks sent as they are, after those built from the other members. */
  readonly chunks?: readonly unknown[] | undefined;
  /** Defaults to `tool_calls` with tool calls, else `stop`; `null` sends none. */
  readonly finishReason?: string | null | undefined;
  /** Sent in a last chunk with empty `choices` when the request asks for it; `null` sends none. */
  readonly usage?: Readonly<Record<string, unknown>> | null | undefined;
  /** Milliseconds before the headers are sent. */
  readonly delay?: number | undefined;
  /** Milliseconds between chunks. */
  readonly chunkDelay?: number | undefined;
  /** Awaited after the content and before the end, so that a test decides when the answer is complete. */
  readonly hold?: Promise<unknown> | undefined;
  /** Sent as a chunk of its own in place of a proper end. */
  readonly streamError?: Readonly<Record<string, unknown>> | undefined;
  /** `cut` breaks the connection after the content, `stall` sends nothing more and keeps it open. Default: `done`. */
  readonly ending?: "done" | "cut" | "stall" | undefined;
  /** An HTTP status to fail with, with `body` (or a plain error) as JSON. */
  readonly status?: number | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** The content of `reply` as deltas of the streaming wire format. */
export function toDeltas(reply: FakeReply): Record<string, unknown>[] {
  const deltas: Record<string, unknown>[] = [];
  for (const reasoning_content of pieces(reply.reasoning)) deltas.push({ reasoning_content, content: null });
  for (const content of pieces(reply.text)) deltas.push({ content });
  const calls = (reply.toolCalls ?? []).map((call) => fragments(call));
  const longest = Math.max(0, ...calls.map((call) => call.length));
  for (let position = 0; position < longest; position += 1) {
    for (const [index, call] of calls.entries()) {
      const fragment = call[position];
      if (fragment === undefined) continue;
      const { name, id } = (reply.toolCalls ?? [])[index] as FakeToolCall;
      const first = position === 0;
      deltas.push({
        tool_calls: [
          {
            index,
            id: first ? (id ?? `call_${index}`) : "",
            type: "function",
            function: first ? { name, arguments: fragment } : { arguments: fragment },
          },
        ],
      });
    }
  }
  return deltas;
}

/** The whole answer as the `message` of the non-streaming wire format. */
export function toMessage(reply: FakeReply): Record<string, unknown> {
  const text = pieces(reply.text).join("");
  const reasoning = pieces(reply.reasoning).join("");
  return {
    role: "assistant",
    content: text === "" ? null : text,
    ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
    ...(reply.toolCalls === undefined
      ? {}
      : {
          tool_calls: reply.toolCalls.map((call, index) => ({
            id: call.id ?? `call_${index}`,
            type: "function",
            function: { name: call.name, arguments: fragments(call).join("") },
          })),
        }),
  };
}

export function finishReasonOf(reply: FakeReply): string | null {
  if (reply.finishReason !== undefined) return reply.finishReason;
  return reply.toolCalls === undefined || reply.toolCalls.length === 0 ? "stop" : "tool_calls";
}

function pieces(text: string | readonly string[] | undefined): readonly string[] {
  if (text === undefined) return [];
  return typeof text === "string" ? [text] : text;
}

function fragments({ arguments: args }: FakeToolCall): readonly string[] {
  if (typeof args === "string") return [args];
  if (isPieces(args)) return args;
  return [JSON.stringify(args)];
}

function isPieces(args: FakeToolCall["arguments"]): args is readonly string[] {
  return Array.isArray(args);
}
