// The official clients, each as its protocol's own tests set it up: this package depends on none of their SDKs.

export { eventsIn } from "../../../core/test/support/agent-events.ts";
export { ask } from "../../../core/test/support/ask.ts";
export { EventReader } from "../../../core/test/support/event-reader.ts";
export { post } from "../../../core/test/support/post.ts";
export { collect, say, textOf } from "../../../protocols-a2a/test/support/messages.ts";
export { outcomeOfTask, reduceStream } from "../../../protocols-a2a/test/support/reduce-stream.ts";
export { type Binding, bindings, clientOf as a2aClient } from "../../../protocols-a2a/test/support/serve.ts";
export { stateOf, statesOf } from "../../../protocols-a2a/test/support/state-of.ts";
export {
  type Client as AgUiClient,
  clientOf as agUiClient,
  joining,
} from "../../../protocols-ag-ui/test/support/client.ts";
export {
  call as mcpCall,
  framesOf,
  introduce,
  post as postMcp,
  progressOf,
  resume as resumeMcp,
} from "../../../protocols-mcp/test/support/messages.ts";
export { connect as mcpClient, type Revision, revisions } from "../../../protocols-mcp/test/support/serve.ts";
export { openaiClient } from "../../../protocols-openai/test/support/client.ts";
export {
  z,
  zodFunction,
  zodResponseFormat,
  zodTextFormat,
} from "../../../protocols-openai/test/support/schemas.ts";
export { parts } from "../../../protocols-openai/test/support/serve.ts";
