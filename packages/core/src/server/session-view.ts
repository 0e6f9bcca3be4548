import { Message } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { Session } from "../contracts/session-history-service.ts";
import { type PageView, pageOf } from "./page-view.ts";
import { toSeconds } from "./to-seconds.ts";

/** A session over HTTP. Times are Unix seconds. */
export interface SessionView {
  readonly object: "session";
  readonly id: string;
  readonly agent: string;
  readonly user_id: string;
  readonly name: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly message_count: number;
  readonly created_at: number;
  /** When a message was last added or the session changed. */
  readonly updated_at: number;
}
const sessionView = z.object({
  object: z.literal("session"),
  id: z.string(),
  agent: z.string(),
  user_id: z.string(),
  name: z.string().nullable(),
  metadata: z.record(z.string(), z.unknown()),
  message_count: z.int(),
  created_at: z.int(),
  updated_at: z.int(),
});
export const SessionView: z.ZodType<SessionView> = sessionView;

export const SessionPage: z.ZodType<PageView<SessionView>> = pageOf(SessionView);
export const MessagePage: z.ZodType<PageView<Message>> = pageOf(Message);
/** A session with a page of its messages. */
export const OpenedSession: z.ZodType = sessionView.extend({ messages: MessagePage });

export function toSessionView(
  agent: string,
  { sessionId, userId, name, metadata, messageCount, createdAt, updatedAt }: Session,
): SessionView {
  return {
    object: "session",
    id: sessionId,
    agent,
    user_id: userId,
    name: name ?? null,
    metadata,
    message_count: messageCount,
    created_at: toSeconds(createdAt),
    updated_at: toSeconds(updatedAt),
  };
}
