import type { RegisteredAgent } from "@agentscope-runtime/core";

/** An agent with a card of A2A 1.0 as protocols make it. */
export function agentAt(
  url: string,
  { name = "Friday", version = "1.0.0", ...more }: Readonly<Record<string, unknown>> = {},
): RegisteredAgent {
  const card = {
    name,
    version,
    description: "A helpful assistant",
    supportedInterfaces: [
      { url, protocolBinding: "JSONRPC", protocolVersion: "1.0" },
      { url: "agents.example.com:443", protocolBinding: "GRPC", protocolVersion: "1.0", tenant: "Friday" },
      { url, protocolBinding: "JSONRPC", protocolVersion: "0.3" },
      { url, protocolBinding: "HTTP+JSON", protocolVersion: "0.3" },
    ],
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    provider: { organization: "Example", url: "https://example.com" },
    documentationUrl: "https://example.com/docs",
    defaultInputModes: ["text/plain"],
    defaultOutputModes: ["text/plain"],
    skills: [{ id: "dialog", name: "Dialog", description: "Talks", tags: ["dialog"] }],
    securitySchemes: {
      bearer: { httpAuthSecurityScheme: { scheme: "Bearer" } },
      key: { apiKeySecurityScheme: { location: "header", name: "x-key" } },
    },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }, { schemes: { key: { list: [] } } }],
    ...more,
  };
  return { name: String(name), card };
}
