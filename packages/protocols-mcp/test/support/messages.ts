/** Sends a message as any program could, and says what came back. */
export async function post(
  url: string,
  message: unknown,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${url}/mcp`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
      ...headers,
    },
    body: typeof message === "string" ? message : JSON.stringify(message),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** The headers of a client of 2025-11-25 that has introduced itself. */
export async function introduce(
  url: string,
  capabilities: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Record<string, string>> {
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo: { name: "raw", version: "1" } };
  const answer = await post(url, { jsonrpc: "2.0", id: 0, method: "initialize", params }, headers);
  await answer.text();
  const session = answer.headers.get("mcp-session-id") ?? "";
  return { ...headers, "mcp-session-id": session, "mcp-protocol-version": "2025-11-25" };
}

/** A call of Friday by the request of that id. */
export function call(id: number | string, args: object = { message: "Hi" }, token?: number | string): object {
  const _meta = token === undefined ? {} : { _meta: { progressToken: token } };
  return { jsonrpc: "2.0", id, method: "tools/call", params: { name: "Friday", arguments: args, ..._meta } };
}

/** A call of a tool as of 2026-07-28, which says all in each request. */
export function modern(name: string, args: object): { message: object; headers: Record<string, string> } {
  const _meta = {
    progressToken: 1,
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return {
    message: { ...call(1), params: { name, arguments: args, _meta } },
    headers: { "mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call", "mcp-name": name },
  };
}

/** The stream of a call from behind an event on. */
export async function resume(
  url: string,
  eventId: string,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  return fetch(`${url}/mcp`, {
    headers: { ...headers, accept: "text/event-stream", "last-event-id": eventId },
  });
}

export interface Frame {
  readonly id: string;
  readonly data: string;
}

/** The events of a stream, each as soon as it is there. */
export async function* framesOf({ body }: Response): AsyncGenerator<Frame> {
  let rest = "";
  for await (const piece of (body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
    const frames = (rest + piece).split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const id = /^id: (.*)$/m.exec(frame)?.[1] ?? "";
      const data = /^data: (.*)$/m.exec(frame)?.[1];
      if (data !== undefined) yield { id, data };
    }
  }
}

/** The number of a frame that tells how far a call is. */
export function progressOf({ data }: Frame): number | undefined {
  return data === "" ? undefined : JSON.parse(data).params?.progress;
}
