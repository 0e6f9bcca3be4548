import type { Msg } from "../message/msg.ts";
import { shortId } from "../message/short-id.ts";
import { MessageEvents } from "./message-events.ts";
import type { ReplyEvent, ReplyEventBody } from "./reply-event.ts";

/** Turns what one reply prints and does into its events. */
export class ReplyEvents {
  readonly #push: (event: ReplyEvent) => void;
  readonly #replyId: string = shortId();
  readonly #messages = new Map<string, MessageEvents>();

  constructor(push: (event: ReplyEvent) => void) {
    this.#push = push;
  }

  readonly emit = (body: ReplyEventBody): void => {
    this.#push({
      ...body,
      id: shortId(),
      created_at: new Date().toISOString(),
      reply_id: this.#replyId,
    });
  };

  print(message: Msg, last: boolean): void {
    // Tools that run beside each other print in turns.
    const events = this.#messages.get(message.id) ?? new MessageEvents(this.emit);
    this.#messages.set(message.id, events);
    events.print(message, last);
    if (last) this.#messages.delete(message.id);
  }
}
