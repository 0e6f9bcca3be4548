import type { AgentCard } from "@a2a-js/sdk";
import { LegacyRestTransportHandler } from "@a2a-js/sdk/compat/v0_3/server";
import { type A2ARequestHandler, ServerCallContext } from "@a2a-js/sdk/server";

/** A card in the words of 0.3. Of what the SDK exports, only its transport of 0.3 has that translation. */
export async function toFormerCard(card: AgentCard): Promise<object> {
  const source = { getAuthenticatedExtendedAgentCard: async () => card } as Partial<A2ARequestHandler>;
  const transport = new LegacyRestTransportHandler(source as A2ARequestHandler);
  const former = await transport.getAuthenticatedExtendedAgentCard(new ServerCallContext());
  // The signature is of the card in the words of 1.0.
  return { ...former, signatures: undefined };
}
