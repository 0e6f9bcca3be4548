import { type Message, SendMessageRequest, type StreamResponse, type Task } from "@a2a-js/sdk";

export interface MessageOptions {
  readonly taskId?: string;
  readonly contextId?: string;
  readonly messageId?: string;
  readonly parts?: readonly object[];
  readonly configuration?: object;
  readonly tenant?: string;
}

/** A request with one message of the user. */
export function say(
  text: string,
  { configuration, tenant, ...options }: MessageOptions = {},
): SendMessageRequest {
  return SendMessageRequest.fromJSON({
    tenant,
    message: { messageId: crypto.randomUUID(), role: "ROLE_USER", parts: [{ text }], ...options },
    configuration,
  });
}

export async function collect(events: AsyncIterable<StreamResponse>): Promise<StreamResponse[]> {
  const found: StreamResponse[] = [];
  for await (const event of events) found.push(event);
  return found;
}

/** The text of all artifacts, or of a message. */
export function textOf(value: Task | Message): string {
  const all = "artifacts" in value ? value.artifacts.flatMap(({ parts }) => parts) : value.parts;
  return all.map(({ content }) => (content?.$case === "text" ? content.value : "")).join("");
}
