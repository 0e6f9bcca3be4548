import { createServer } from "node:http";
import { type Pace, tokens } from "./script.ts";

/** The least that a server can do for the same stream: one `JSON.stringify` and one write a token. */
export function startBareServer(port: number): Promise<void> {
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
      for await (const text of tokens(paceOf(request.url), gone.signal)) {
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
  return new Promise((resolve) => server.listen(port, "127.0.0.1", 4096, resolve));
}

function paceOf(url = ""): Pace {
  return (new URL(url, "http://localhost").searchParams.get("pace") ?? "turns") as Pace;
}
