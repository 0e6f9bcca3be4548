import type { AgentResponse, Content, Message } from "@agentscope-runtime/agent-api";
import type { LogEntry } from "../contracts/log-entry.ts";

/** The messages of a run as its log has them so far, those that are open among them. */
export class Transcript {
  readonly #messages = new Map<string, Message>();
  readonly #ids = new Set<string>();
  #response: AgentResponse | undefined;
  #lastSeq = -1;
  #attempt = 1;

  /** Takes the next entry. */
  add({ seq, event }: LogEntry): void {
    this.#lastSeq = seq;
    if ((event.attempt ?? 1) > this.#attempt) {
      this.#attempt = event.attempt ?? 1;
      this.#messages.clear();
    }
    if (event.object === "response") this.#response = event;
    if (event.object === "message") this.#ids.add(event.id);
    if (event.object === "message") this.#messages.set(event.id, { ...event, content: event.content ?? [] });
    else if (event.object === "content") this.#addContent(event);
  }

  /** The number of the last entry, -1 before the first. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** The response as the last event of it says. */
  get response(): AgentResponse | undefined {
    return this.#response;
  }

  get attempt(): number {
    return this.#attempt;
  }

  /** In the order they were begun. */
  get messages(): readonly Message[] {
    return [...this.#messages.values()];
  }

  /** The ids of all messages, those of earlier attempts included. */
  get ids(): Iterable<string> {
    return this.#ids;
  }

  #addContent(content: Content): void {
    const message = this.#messages.get(content.msg_id ?? "");
    if (message?.content == null) return;
    const index = content.index ?? message.content.length;
    const known = message.content[index];
    const slot = content.delta && known !== undefined ? joined(known, content) : content;
    message.content[index] = { ...slot, delta: false };
  }
}

/** A slot with a further piece of text; other pieces show the slot as a whole. */
function joined(known: Content, piece: Content): Content {
  if (known.type === "text" && piece.type === "text") {
    return { ...piece, text: (known.text ?? "") + (piece.text ?? "") };
  }
  if (known.type === "refusal" && piece.type === "refusal") {
    return { ...piece, refusal: (known.refusal ?? "") + (piece.refusal ?? "") };
  }
  return piece;
}
