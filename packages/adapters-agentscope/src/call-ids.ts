/** Gives ids to calls and outputs that came without one, so that each output still finds its call. */
export class CallIds {
  readonly #unanswered: string[] = [];

  /** The id of a call that the message `messageId` holds. */
  ofCall(callId: unknown, messageId: string): string {
    if (typeof callId === "string" && callId !== "") return callId;
    const id = `call_${messageId}`;
    this.#unanswered.push(id);
    return id;
  }

  /** The id of the call that an output answers: without one, the oldest call that has none either. */
  ofOutput(callId: unknown, messageId: string): string {
    if (typeof callId === "string" && callId !== "") return callId;
    return this.#unanswered.shift() ?? `call_${messageId}`;
  }
}
