import type { Message, MessageInput } from "@agentscope-runtime/agent-api";
import type { Page, PageOptions } from "./page.ts";
import type { Service } from "./service.ts";
import type { SessionHandle } from "./session-key.ts";

/** Whose memories: all of a user's with an agent, or those of one session. */
export interface MemoryScope {
  readonly userId: string;
  readonly agent?: string | undefined;
  readonly sessionId?: string | undefined;
}

/** A message remembered beyond its session. */
export interface MemoryItem {
  readonly message: Message;
  readonly sessionId: string;
}

export interface SearchMemoryOptions {
  /** How many items at the most; 0 gives none. Defaults to 10. */
  readonly limit?: number | undefined;
}

/** Remembers across the sessions of a user. */
export interface MemoryService extends Service {
  /** Remembers copies of the messages; one whose id the session's memories hold already is passed over. */
  addMemory(session: SessionHandle, messages: readonly MessageInput[]): Promise<void>;

  /** What fits the query, the best first. A query without words finds nothing. */
  searchMemory(
    scope: MemoryScope,
    query: string,
    options?: SearchMemoryOptions,
  ): Promise<readonly MemoryItem[]>;

  /** Everything remembered, the oldest first. */
  listMemory(scope: MemoryScope, options?: PageOptions): Promise<Page<MemoryItem>>;

  /** Forgets everything in scope. */
  deleteMemory(scope: MemoryScope): Promise<void>;
}
