export { text } from "./adapters/text-adapter.ts";
export { AgentApp, type QueryOptions } from "./app/agent-app.ts";
export type {
  AgentAppOptions,
  Authenticate,
  AuthenticationRequest,
  LogOptions,
  StreamOptions,
} from "./app/agent-app-options.ts";
export type { ListenOptions } from "./app/listen.ts";
export type { RunningApp } from "./app/running-app.ts";
// For those who implement adapters, services and protocols.
export {
  MessageAssembler,
  type MessageAssemblerOptions,
  type RunOutcome,
} from "./assembler/message-assembler.ts";
export { toolCallMessageId, toolOutputMessageId, wireMessageId } from "./assembler/wire-message-id.ts";
export type { AgentPart, FinishReason, ToolType } from "./contracts/agent-part.ts";
export type { AgentRegistry, RegisteredAgent } from "./contracts/agent-registry.ts";
export type {
  DeployableApp,
  DeployManager,
  Deployment,
  DeploymentRecord,
  StopResult,
} from "./contracts/deploy-manager.ts";
export type { FrameworkAdapter, HistoryMode, StreamReader } from "./contracts/framework-adapter.ts";
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
  ConnectionLimits,
  ProtocolAdapter,
  ProtocolContext,
  ProtocolLife,
  ServedAgent,
} from "./contracts/protocol-adapter.ts";
export type { LogSegment, LogStretch, RunBackend, RunTopic } from "./contracts/run-backend.ts";
export type { RunDispatcher, RunWorker } from "./contracts/run-dispatcher.ts";
export type {
  CancelRequest,
  CreateResult,
  Idempotency,
  ListRunsOptions,
  NewRun,
  ReadRunOptions,
  RecoveredRun,
  RecoverOptions,
  RequestSettings,
  RunLease,
  RunRecord,
  RunStore,
  RunSummary,
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
export {
  type RunSession,
  type RunSessionHandle,
  type SessionHandle,
  type SessionKey,
  sessionKeyText,
} from "./contracts/session-key.ts";
export type {
  AgentState,
  ExportStateOptions,
  SaveStateOptions,
  StateService,
} from "./contracts/state-service.ts";
export type {
  Backoff,
  CloseWorkerOptions,
  EnqueuedTask,
  ListTasksOptions,
  NewTask,
  Task,
  TaskAttempt,
  TaskKey,
  TaskQueue,
  TaskRecord,
  TaskStatus,
  TaskWork,
  TaskWorker,
  WorkOptions,
} from "./contracts/task-queue.ts";
export { RuntimeError, type RuntimeErrorOptions } from "./errors/runtime-error.ts";
export { DeltaLogEntry } from "./runs/delta-log-entry.ts";
export { DurableRunStore, type DurableRunStoreOptions } from "./runs/durable-run-store.ts";
export type {
  EngineServices,
  HandlerContext,
  HandlerResult,
  HostedAgent,
  QueryHandler,
} from "./runs/hosted-agent.ts";
export { InMemoryRunStore, type InMemoryRunStoreOptions } from "./runs/in-memory-run-store.ts";
export { JsonLogEntry } from "./runs/json-log-entry.ts";
export { compactSegments } from "./runs/log-segment.ts";
export type { RunOptions } from "./runs/run-limits.ts";
export type { RunListener } from "./runs/run-listeners.ts";
export { type RunRetention, type RunRetentionOptions, runRetention } from "./runs/run-retention.ts";
export type { Caller, Runs, StartedRun, StartRunOptions } from "./runs/runs.ts";
export type { ListOwnSessionsOptions, SessionName, Sessions } from "./runs/sessions.ts";
export type { EndpointContext, EndpointHandler, EndpointOptions } from "./server/endpoint.ts";
export { errorReply } from "./server/error-reply.ts";
export type { SendOptions, StreamEnd } from "./server/event-stream.ts";
export { fingerprintOf, idempotencyOf } from "./server/idempotency.ts";
export {
  type ParseInputOptions,
  parseInput,
  parseInputAsync,
  UP_TO_FIRST_ISSUE,
} from "./server/parse-input.ts";
export type { RouteMethod } from "./server/route.ts";
export { InMemoryMemoryService } from "./services/in-memory-memory-service.ts";
export {
  InMemorySessionHistoryService,
  type InMemorySessionHistoryServiceOptions,
} from "./services/in-memory-session-history-service.ts";
export {
  InMemoryStateService,
  type InMemoryStateServiceOptions,
} from "./services/in-memory-state-service.ts";
export { toJsonObjectText } from "./services/json-object.ts";
export { memoryTerms } from "./services/memory-terms.ts";
export { fromMessageText, type MessageText, toMessageTexts } from "./services/message-text.ts";
export { ownerText } from "./services/owner-text.ts";
export { decodeCursor, encodeCursor } from "./services/page-cursor.ts";
export { searchTerms } from "./services/search-terms.ts";
export { assertRound, keptRounds } from "./services/state-rounds.ts";
export { StaticAgentRegistry } from "./services/static-agent-registry.ts";
export { pageLimit, toPage } from "./services/to-page.ts";
export { type AttemptEnd, type AttemptOptions, attemptTask } from "./tasks/attempt-task.ts";
export { backoffDelay } from "./tasks/backoff-delay.ts";
export {
  InMemoryTaskQueue,
  type InMemoryTaskQueueOptions,
} from "./tasks/in-memory-task-queue.ts";
export { type ResolvedTask, resolveTask } from "./tasks/resolved-task.ts";
export type { TaskContext, TaskHandler, TaskOptions } from "./tasks/task-definition.ts";
export { type WorkLimits, workLimits } from "./tasks/work-limits.ts";
