import { type ProtocolAdapter, RuntimeError } from "@agentscope-runtime/core";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { A2AOptions } from "./a2a-options.ts";
import type { A2AServers } from "./a2a-servers.ts";

/** A2A as a protocol of an app. */
export interface A2AProtocol extends ProtocolAdapter {
  /**
   * A Fastify plugin that shows the card of the app's own agent where its prefix leads, for the root of a server that has
   * the app under a prefix: clients look for cards at the root. That server does not get ready without the app.
   */
  wellKnown(): FastifyPluginAsync;
}

/** Lets agents talk to the agents of an app: A2A 1.0 and 0.3 out of the same runs as all protocols. */
export function a2a(options: A2AOptions = {}): A2AProtocol {
  const { legacy = true } = options;
  assertConsistent(options);
  const servers: A2AServers = { shares: new WeakMap(), ownCards: new WeakMap(), memory: new Map() };
  return {
    name: "a2a",
    wellKnown: () => async (fastify) => {
      const own = () => {
        const found = servers.ownCards.get(fastify.server);
        if (found !== undefined) return found;
        const message = "wellKnown() belongs into the server that the app's plugin is registered in.";
        throw new RuntimeError("CONFIGURATION_ERROR", message);
      };
      fastify.addHook("onReady", async () => void own());
      const card = (baseUrl: string) => own().card(baseUrl);
      const baseUrlOf = (request: FastifyRequest) => own().baseUrlOf(request);
      const { addCardRoutes } = await import("./card-route.ts");
      addCardRoutes(fastify, "", { card, baseUrlOf, legacy });
    },
    register: async (fastify, context) => {
      // The SDK takes long to load, and is of no use before there is a server.
      const { serveA2A } = await import("./serve-a2a.ts");
      return serveA2A(fastify, context, options, servers);
    },
  };
}

function assertConsistent({ publicUrl, registries = [], signature, grpc }: A2AOptions): void {
  const fail = (message: string) => {
    throw new RuntimeError("CONFIGURATION_ERROR", message);
  };
  if (publicUrl === undefined) {
    if (registries.length > 0) {
      fail("To make agents known, a2a needs to know where they are: give it a publicUrl.");
    }
    // Else anybody gets a signature for any name that they ask under.
    if (signature !== undefined)
      fail("To sign cards, a2a needs to know where agents are: give it a publicUrl.");
  } else if (grpc !== undefined && grpc.publicAddress === undefined) {
    fail("With a publicUrl, a2a needs to know where gRPC is spoken as well: give grpc a publicAddress.");
  }
}
