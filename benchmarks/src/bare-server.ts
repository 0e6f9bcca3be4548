import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Pace, type StreamPlan, TOKENS, tokens } from "./script.ts";

/** The least that a server can do for the same stream: one `JSON.stringify` and one write a token. Resolves to its port. */
export async function startBareServer(): Promise<number> {
  const server = createServer(async (request, response) => {
    request.resume();
    const gone = new AbortController();
    response.on("close", () => gone.abort());
    response.writeHead(200, {
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-cache",
    });
    const messageId = `msg_${crypto.randomUUID()}`;
    let number = 0;
    try {
      for await (const text of tokens(planOf(request.url), gone.signal)) {
        const event = {
          sequence_number: number++,
          object: "content",
          status: "in_progress",
          error: null,
          type: "text",
          index: 0,
          delta: true,
          msg_id: messageId,
          text,
        };
        response.write(`id: ${event.sequence_number}\ndata: ${JSON.stringify(event)}\n\n`);
      }
      response.end();
    } catch {
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 4096, resolve));
  return (server.address() as AddressInfo).port;
}

function planOf(url = ""): StreamPlan {
  const query = new URL(url, "http://localhost").searchParams;
  return { pace: query.get("pace") as Pace, count: Number(query.get("count") ?? TOKENS) };
}
