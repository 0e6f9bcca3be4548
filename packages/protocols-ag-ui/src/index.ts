// For those who read runs in AG-UI's words elsewhere.
export type { AgUiEvent, AgUiEventState, KnownCall, OpenMessage, Question } from "./ag-ui-event-state.ts";
export { type AgUiInput, type AgUiResume, agUiInputOf } from "./ag-ui-input.ts";
export { type AgUiProtocolOptions, agUi } from "./ag-ui-protocol.ts";
export { adoptMessages, newAgUiEventState, toAgUiEvents } from "./to-ag-ui-event.ts";
export { type AgUiMessage, type Turn, toAgUiMessages } from "./to-ag-ui-messages.ts";
