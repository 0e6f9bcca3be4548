import type { IncomingHttpHeaders } from "node:http";

/** A message of a chat completions request, as far as a scripted model wants to look into it. */
export type FakeRequestMessage = {
  readonly role: string;
  readonly content?: unknown;
  readonly name?: string;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
};

/** The parsed body of a chat completions request; what is not listed is there as well. */
export type FakeRequestBody = {
  readonly model: string;
  readonly messages: readonly FakeRequestMessage[];
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean } | null;
  readonly tools?: readonly { readonly function: { readonly name: string; readonly parameters?: unknown } }[];
  readonly tool_choice?: unknown;
  readonly [key: string]: unknown;
};

/** A request the server has received. */
export interface FakeModelRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: FakeRequestBody;
  /** Resolves when the client has closed the connection before its answer was complete. */
  readonly closed: Promise<void>;
}
