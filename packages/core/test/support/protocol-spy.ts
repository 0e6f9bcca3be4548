import type { ProtocolAdapter, ProtocolContext } from "@agentscope-runtime/core";

/** A protocol without routes, and what it works with once its server is made. */
export function protocolSpy(): {
  readonly protocol: ProtocolAdapter;
  readonly context: () => ProtocolContext;
} {
  let context: ProtocolContext | undefined;
  const protocol: ProtocolAdapter = {
    name: "spy",
    register: (_, given) => {
      context = given;
    },
  };
  return { protocol, context: () => context as ProtocolContext };
}
