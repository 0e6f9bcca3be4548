import { createHash } from "node:crypto";
import type { Caller } from "@agentscope-runtime/core";

/**
 * A client of a revision that has sessions. All that the server has to know of it is in the id that the client sends
 * with each request, so that any process can answer, today and tomorrow.
 */
export interface ClientSession {
  readonly id: string;
  /** Whether the client can have its user fill in forms. */
  readonly forms: boolean;
}

/** A new session for a client of those capabilities. */
export function newClientSession(capabilities: unknown): ClientSession {
  const forms = canFillForms(capabilities);
  return { id: `${crypto.randomUUID()}${forms ? FORMS : ""}`, forms };
}

/** The session of that id, or `undefined` for what no server has given out. */
export function toClientSession(id: string): ClientSession | undefined {
  return SESSION.test(id) ? { id, forms: id.endsWith(FORMS) } : undefined;
}

/** True if a client declares form elicitation; an empty declaration means just that. */
export function canFillForms(capabilities: unknown): boolean {
  if (!isObject(capabilities) || !isObject(capabilities.elicitation)) return false;
  const { form, url } = capabilities.elicitation;
  return isObject(form) || (form === undefined && url === undefined);
}

/** The id of the run of a client's request: whoever gets its cancellation finds the run by it. */
export function runIdOf(session: ClientSession, requestId: string | number, { userId }: Caller): string {
  const key = JSON.stringify([session.id, requestId, userId ?? null]);
  return `response_${createHash("sha256").update(key).digest("hex").slice(0, 32)}`;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

const FORMS = ".forms";
const SESSION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.forms)?$/;
