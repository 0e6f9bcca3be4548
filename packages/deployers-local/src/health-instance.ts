import { get } from "node:http";
import { json } from "node:stream/consumers";

/** The `instance` that `GET /health` shows; rejects if nothing answers. */
export async function healthInstance(url: string, signal: AbortSignal): Promise<unknown> {
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  // No shared agent: this is for this machine, whatever proxy the environment names.
  const request = get(`${url}/health`, { agent: false, signal }, (response) => {
    json(response).then(resolve, reject);
  });
  request.on("error", reject);
  const answer = await promise;
  return typeof answer === "object" && answer !== null ? Reflect.get(answer, "instance") : undefined;
}
