import type { SendMessageRequest } from "@a2a-js/sdk";
import { ServerCallContext } from "@a2a-js/sdk/server";
import type { Caller, Idempotency, RuntimeError } from "@agentscope-runtime/core";

/** One call of a client, over whichever transport. */
export interface A2ACall {
  readonly caller: Caller;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** The version of the protocol that the client speaks. */
  readonly version: string;
  /** The extensions that the client knows, by URI. */
  readonly extensions: readonly string[];
  /** Whether 0 is what a client says that says nothing, as in 0.3 over gRPC. */
  readonly zeroIsNothing?: boolean | undefined;
  /** What the client has said to know a message by that it sends again. */
  readonly idempotency: (params: SendMessageRequest) => Idempotency | undefined;
  /** Throws `INVALID_PARAMETER` where a message that did not come as JSON would be refused if it had. */
  readonly assertBounds?: ((params: SendMessageRequest) => void) | undefined;
  /** Throws `SERVICE_UNAVAILABLE` where no more can be answered at once. */
  readonly assertRoom: () => void;
  /** Where clients reach this server, without a slash at its end; `undefined` where nobody has said. */
  readonly baseUrl: string | undefined;
  /** Hears of what goes wrong in ways that A2A has no words for. */
  readonly failed: (error: RuntimeError) => void;
  /** Resolves when the client has taken what it was sent. */
  readonly drained?: (() => Promise<void> | undefined) | undefined;
}

const CALL = "agentscope-runtime.call";

/** The call as the SDK hands it through its transports. */
export function toCallContext(call: A2ACall): ServerCallContext {
  return new ServerCallContext({
    requestedVersion: call.version,
    requestedExtensions: [...call.extensions],
    state: new Map([[CALL, call]]),
  });
}

/** The call that a context was made of. */
export function callOf(context: ServerCallContext): A2ACall {
  return context.state.get(CALL) as A2ACall;
}
