export { arbitraryPart } from "./arbitrary-part.ts";
export {
  type Deployable,
  type DeployManagerSuiteOptions,
  deployManagerSuite,
} from "./deploy-manager-suite.ts";
export type { Durable } from "./durable.ts";
export {
  type FakeModelRequest,
  FakeModelServer,
  type FakeModelServerOptions,
  type FakeReply,
  type FakeRequestBody,
  type FakeRequestMessage,
  type FakeToolCall,
} from "./fake-model-server.ts";
export { type GoldenTrace, type GoldenTraceName, goldenTrace, goldenTraceNames } from "./golden-traces.ts";
export { deltaEntry, responseEntry, textEntries, textEntry, toLogEntry } from "./log-entries.ts";
export { type MemoryServiceSuiteOptions, memoryServiceSuite } from "./memory-service-suite.ts";
export { type NewRunOptions, newRun } from "./new-run.ts";
export { runEntries } from "./run-entries.ts";
export {
  type RunStoreSuiteCreateOptions,
  type RunStoreSuiteOptions,
  runStoreSuite,
} from "./run-store-suite.ts";
export {
  type SessionHistoryServiceSuiteOptions,
  sessionHistoryServiceSuite,
} from "./session-history-service-suite.ts";
export { arbitrarySpoilings, type Spoiling, spoil } from "./spoiling.ts";
export { type StateServiceSuiteOptions, stateServiceSuite } from "./state-service-suite.ts";
export { type TaskQueueBounds, type TaskQueueSuiteOptions, taskQueueSuite } from "./task-queue-suite.ts";
