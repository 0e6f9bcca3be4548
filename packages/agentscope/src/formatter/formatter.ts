import type { Msg } from "../message/msg.ts";

/** A message as a provider's API takes it. */
export type ProviderMessage = Readonly<Record<string, unknown>>;

/** Turns messages into what a provider's API takes. Any history is accepted, however it came about. */
export interface Formatter {
  format(messages: readonly Msg[]): readonly ProviderMessage[] | Promise<readonly ProviderMessage[]>;
}
