export type { AgentPart, FinishReason, ToolType } from "./contracts/agent-part.ts";
export type { FrameworkAdapter, HistoryMode } from "./contracts/framework-adapter.ts";
export type { LogEntry } from "./contracts/log-entry.ts";
export type { Logger } from "./contracts/logger.ts";
export type {
  MemoryItem,
  MemoryScope,
  MemoryService,
  SearchMemoryOptions,
} from "./contracts/memory-service.ts";
export type { Page, PageOptions } from "./contracts/page.ts";
export type {
  CancelRequest,
  CreateResult,
  Idempotency,
  ListRunsOptions,
  NewRun,
  ReadRunOptions,
  RunLease,
  RunRecord,
  RunStore,
  SessionPolicy,
} from "./contracts/run-store.ts";
export { isService, type Service } from "./contracts/service.ts";
export type {
  GetMessagesOptions,
  ListSessionsOptions,
  Session,
  SessionChange,
  SessionHistoryService,
} from "./contracts/session-history-service.ts";
export { type SessionHandle, type SessionKey, sessionKeyText } from "./contracts/session-key.ts";
export type {
  AgentState,
  ExportStateOptions,
  SaveStateOptions,
  StateService,
} from "./contracts/state-service.ts";
export { RuntimeError, type RuntimeErrorOptions } from "./errors/runtime-error.ts";
