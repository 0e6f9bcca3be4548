import { RequestMalformedError } from "@a2a-js/sdk/errors";
import { z } from "zod";
import { PushPlace } from "./push-progress.ts";
import { toPushTarget } from "./push-target.ts";

/** Where to tell of a task. */
export interface PushConfig {
  readonly id: string;
  readonly taskId: string;
  readonly url: string;
  readonly token: string;
  readonly authentication?: { readonly scheme: string; readonly credentials: string } | undefined;
  /** The version of the protocol in whose words it wants to be told. */
  readonly version: string;
  /** Is another one each time the configuration is set. */
  readonly revision: string;
  /** When it was set, in milliseconds since the epoch. */
  readonly setAt: number;
  /** What comes behind it is told. */
  readonly from: PushPlace;
}
export const PushConfig: z.ZodType<PushConfig> = z.object({
  id: z.string(),
  taskId: z.string(),
  url: z.string(),
  token: z.string(),
  authentication: z.object({ scheme: z.string(), credentials: z.string() }).optional(),
  version: z.string(),
  revision: z.string(),
  setAt: z.number(),
  from: PushPlace,
});

/** What a client gives of it. */
export interface PushConfigInput {
  readonly id: string;
  readonly url: string;
  readonly token: string;
  readonly authentication?: { readonly scheme: string; readonly credentials: string } | undefined;
}

export interface PushConfigOptions {
  readonly taskId: string;
  readonly from: PushPlace;
  readonly version: string;
  readonly allowPrivate: boolean;
}

/** Checks what a client gives; throws `RequestMalformedError`. */
export function toPushConfig(
  { id, url, token, authentication }: PushConfigInput,
  { taskId, from, version, allowPrivate }: PushConfigOptions,
): PushConfig {
  toPushTarget(url, allowPrivate);
  const { scheme = "", credentials = "" } = authentication ?? {};
  const texts = {
    id,
    url,
    token,
    "authentication.scheme": scheme,
    "authentication.credentials": credentials,
  };
  for (const [name, text] of Object.entries(texts)) {
    if (text.length > MAX_LENGTH)
      throw new RequestMalformedError(`${name} may have ${MAX_LENGTH} characters.`);
    // They become headers.
    if (name !== "id" && !/^[\x20-\x7e]*$/.test(text)) {
      throw new RequestMalformedError(`${name} must be printable ASCII.`);
    }
  }
  return {
    id: id === "" ? crypto.randomUUID() : id,
    taskId,
    url,
    token,
    ...(authentication === undefined ? {} : { authentication: { scheme, credentials } }),
    version,
    revision: crypto.randomUUID(),
    setAt: Date.now(),
    from,
  };
}

const MAX_LENGTH = 4096;
