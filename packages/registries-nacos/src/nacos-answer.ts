import { z } from "zod";

/** What a server of Nacos says to a request. */
export interface NacosAnswer {
  readonly status: number;
  /** Of Nacos: 0 for a success; `undefined` where it is not Nacos that answers, or not in its envelope. */
  readonly code: number | undefined;
  readonly message: string;
  /** What was asked for; the whole body where it has no envelope. */
  readonly data: unknown;
}

/**
 * Reads an answer; `undefined` for one that does not come from Nacos, such as the page of a gateway. Its message has
 * none of the secrets that it may repeat.
 */
export function toNacosAnswer(
  status: number,
  text: string,
  secrets: readonly (string | undefined)[] = [],
): NacosAnswer | undefined {
  const body = parse(text);
  const envelope = Envelope.safeParse(body);
  if (envelope.success) {
    const { code, message, data } = envelope.data;
    return { status, code, message: withoutSecrets(message ?? "", secrets), data };
  }
  if (typeof body === "object" && body !== null) return { status, code: undefined, message: "", data: body };
  // Who is refused gets plain words in some versions.
  return isRefused(status) ? { status, code: undefined, message: "", data: undefined } : undefined;
}

/** True for an answer that says that there is no such agent, or no such version of it. */
export function isNotFound({ status, code }: NacosAnswer): boolean {
  return code !== undefined && (status === 404 || NOT_FOUND.has(code));
}

/** True for an answer that says that there is such an agent or version already. */
export function isConflict({ status, code }: NacosAnswer): boolean {
  return code !== undefined && (status === 409 || CONFLICT.has(code));
}

/** True for a status that says that the token is not, or no longer, good for this. */
export function isRefused(status: number): boolean {
  return status === 401 || status === 403;
}

function withoutSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  return secrets.reduce<string>(
    (kept, secret) => (secret ? kept.replaceAll(secret, "[hidden]") : kept),
    text,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const Envelope = z.looseObject({
  code: z.number(),
  message: z.string().nullish(),
  data: z.unknown().optional(),
});

/** Of resources, agents, and versions of agents. */
const NOT_FOUND: ReadonlySet<number> = new Set([20_004, 50_100, 50_101]);
const CONFLICT: ReadonlySet<number> = new Set([20_005, 50_102]);
