export type { A2ACardOptions, A2ACardSignature, A2ASkill } from "./a2a-card-options.ts";
// For those who read runs in A2A's words elsewhere.
export type { A2AEventState, OpenArtifact } from "./a2a-event-state.ts";
export type { A2AOptions, A2APushOptions } from "./a2a-options.ts";
export { type A2AProtocol, a2a } from "./a2a-protocol.ts";
export type {
  A2AArtifact,
  A2AEvent,
  A2AMessage,
  A2APart,
  A2ATask,
  A2ATaskState,
  A2ATaskStatus,
} from "./a2a-task.ts";
export type { A2AGrpcOptions } from "./grpc-server.ts";
export { type A2AEventOptions, newA2AEventState, toA2AEvents } from "./to-a2a-event.ts";
