import { type ClientRequest, request as httpRequest, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { StreamResponse } from "@a2a-js/sdk";
import { V03PushNotificationSerializer } from "@a2a-js/sdk/compat/v0_3/server";
import { type Backoff, backoffDelay } from "@agentscope-runtime/core";
import type { A2AEvent } from "./a2a-task.ts";
import type { PushConfig } from "./push-config.ts";
import { publicLookup, toPushTarget } from "./push-target.ts";

export interface PushSenderOptions {
  readonly allowPrivate: boolean;
  /** How often one notification is tried. */
  readonly attempts: number;
  readonly backoff: Backoff;
  /** How long a receiver may take to answer, in milliseconds. */
  readonly timeout: number;
}

/** What came of a notification: it was taken, or it will not be, or there was no time left for it. */
export type PushResult =
  | { readonly kind: "taken" | "aborted" }
  | { readonly kind: "refused"; readonly reason: string };

/** Tells a receiver of an event, again and again until it says that it has heard. */
export async function sendPush(
  event: A2AEvent,
  config: PushConfig,
  options: PushSenderOptions,
  signal: AbortSignal,
): Promise<PushResult> {
  const { body, contentType } = serialize(event, config);
  const headers = {
    "content-type": contentType,
    "content-length": Buffer.byteLength(body),
    ...credentials(config),
  };
  let reason = "";
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      const status = await post(config.url, body, headers, options, signal);
      if (status >= 200 && status < 300) return { kind: "taken" };
      reason = `the receiver answered ${status}`;
      if (status < 500 && !PASSING.has(status)) return { kind: "refused", reason };
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
    if (attempt >= options.attempts) return { kind: "refused", reason };
    await sleep(backoffDelay(options.backoff, attempt), undefined, { signal }).catch(() => undefined);
  }
  return { kind: "aborted" };
}

function serialize(event: A2AEvent, { version }: PushConfig): { body: string; contentType: string } {
  if (version === "0.3") return new V03PushNotificationSerializer().serialize(StreamResponse.fromJSON(event));
  return { body: JSON.stringify(event), contentType: "application/a2a+json" };
}

function credentials({ token, authentication }: PushConfig): Record<string, string> {
  const { scheme = "", credentials: secret = "" } = authentication ?? {};
  return {
    ...(token === "" ? {} : { "x-a2a-notification-token": token }),
    ...(scheme === "" ? {} : { authorization: secret === "" ? scheme : `${scheme} ${secret}` }),
  };
}

/** Resolves to the status of the answer; follows no redirect, which could lead anywhere. */
async function post(
  text: string,
  body: string,
  headers: RequestOptions["headers"],
  { allowPrivate, timeout }: PushSenderOptions,
  signal: AbortSignal,
): Promise<number> {
  const url = toPushTarget(text, allowPrivate);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const options: RequestOptions = {
    method: "POST",
    // A connection that was made for others was not checked for this.
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeout)]),
    ...(headers === undefined ? {} : { headers }),
    ...(allowPrivate ? {} : { lookup: publicLookup }),
  };
  const request: ClientRequest = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, options);
  request.on("error", reject);
  request.on("response", (response) => {
    resolve(response.statusCode ?? 0);
    // Nobody reads what else it has to say.
    response.on("error", () => undefined).destroy();
  });
  request.end(body);
  return promise;
}

/** Statuses that may be others a moment later. */
const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
