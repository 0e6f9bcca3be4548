import { Message } from "@agentscope-runtime/agent-api";
import { z } from "zod";
import type { Page } from "../contracts/page.ts";
import type { Session } from "../contracts/session-history-service.ts";
import { toSeconds } from "./task-view.ts";

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

export const SessionPage: z.ZodType = pageOf(SessionView);
export const MessagePage: z.ZodType = pageOf(Message);
/** A session with a page of its messages. */
export const OpenedSession: z.ZodType = sessionView.extend({ messages: MessagePage });

interface PageView<Item> {
  readonly object: "list";
  readonly data: readonly Item[];
  readonly next_cursor: string | null;
}

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

export function toPageView<Item>({ items, nextCursor }: Page<Item>): PageView<Item> {
  return { object: "list", data: items, next_cursor: nextCursor ?? null };
}

function pageOf(item: z.ZodType): z.ZodType {
  return z.object({ object: z.literal("list"), data: z.array(item), next_cursor: z.string().nullable() });
}
