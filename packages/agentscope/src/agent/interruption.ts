/** The reason of the signal that `interrupt()` aborts: unlike any other, it leads to an answer and not to an error. */
export class Interruption extends Error {
  override readonly name = "Interruption";

  constructor(reason: unknown) {
    super("The reply was interrupted.", { cause: reason });
  }
}

/** What an agent says after it was interrupted. */
export const INTERRUPTED_ANSWER = "I noticed that you have interrupted me. What can I do for you?";
