import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import type { A2AEvent } from "@agentscope-runtime/protocols-a2a";
import { onTestFinished } from "vitest";

export interface Notification {
  readonly headers: IncomingHttpHeaders;
  readonly body: A2AEvent;
}

type Statuses = number[] | ((body: A2AEvent) => number | Promise<number>);

/** A receiver that answers with these statuses, then with 200; `until` resolves with what came when it is enough. */
export async function receiver(statuses: Statuses = []) {
  const next = async (body: A2AEvent) =>
    typeof statuses === "function" ? statuses(body) : (statuses.shift() ?? 200);
  const got: Notification[] = [];
  const waiting: {
    enough: (got: readonly Notification[]) => boolean;
    resolve: (got: Notification[]) => void;
  }[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece) => {
      text += piece;
    });
    request.on("end", async () => {
      const body = text === "" ? {} : JSON.parse(text);
      got.push({ headers: request.headers, body });
      response.writeHead(await next(body)).end("thanks");
      for (const { enough, resolve } of waiting) if (enough(got)) resolve(got);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const until = (enough: (got: readonly Notification[]) => boolean) =>
    enough(got)
      ? Promise.resolve(got)
      : new Promise<Notification[]>((resolve) => waiting.push({ enough, resolve }));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, got, until };
}

/** True when a task was told of that has come to an end, or waits. */
export function ended(got: readonly Notification[]): boolean {
  const last = got.at(-1)?.body;
  return (
    last !== undefined && "statusUpdate" in last && last.statusUpdate.status.state !== "TASK_STATE_WORKING"
  );
}
