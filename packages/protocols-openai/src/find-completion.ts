import {
  type ProtocolContext,
  type RunRecord,
  type RunSummary,
  RuntimeError,
} from "@agentscope-runtime/core";
import type { FastifyRequest } from "fastify";
import type { ChatCompletion } from "./chat-completion.ts";
import { findResponse } from "./find-response.ts";
import { toFinalCompletion } from "./to-chat-answer.ts";

/** A completion with its metadata, as it is retrieved. */
export type StoredCompletion = ChatCompletion & { readonly metadata: unknown };

/** True for the run of a completion that was to be stored, once it is there. */
export function isStored({ request, status, expired }: RunSummary): boolean {
  // It is responses that say of themselves whether they are in the background.
  const isResponse = request.background !== undefined;
  return (
    request.store === true && !isResponse && !expired && (status === "completed" || status === "incomplete")
  );
}

/** The completion of such a run, or `undefined` if there is none. */
export async function toStoredCompletion(
  { runs }: ProtocolContext,
  run: RunSummary,
): Promise<StoredCompletion | undefined> {
  const completion = await toFinalCompletion(run, runs().read(run.id, {}));
  return completion === undefined ? undefined : { ...completion, metadata: run.request.metadata ?? null };
}

/** The completion that the request names, and its run; rejects with `RESOURCE_NOT_FOUND`. */
export async function findCompletion(
  context: ProtocolContext,
  request: FastifyRequest,
): Promise<{ readonly run: RunRecord; readonly completion: StoredCompletion }> {
  const { id } = request.params as { readonly id: string };
  try {
    const run = await findResponse(context, id, context.callerOf(request));
    // Of Chat Completions, only what the client wants stored is; and there is none of a run that has failed.
    const completion = isStored(run) ? await toStoredCompletion(context, run) : undefined;
    if (completion !== undefined) return { run, completion };
  } catch (error) {
    if (!RuntimeError.is(error) || !GONE.has(error.code)) throw error;
  }
  throw new RuntimeError("RESOURCE_NOT_FOUND", `Completion with id '${id.slice(0, 1024)}' not found.`, {
    details: { param: "completion_id", code: "completion_not_found" },
  });
}

const GONE: ReadonlySet<string> = new Set(["RESOURCE_NOT_FOUND", "RUN_EXPIRED"]);
