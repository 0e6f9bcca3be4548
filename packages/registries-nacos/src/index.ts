export { NacosAgentRegistry } from "./nacos-agent-registry.ts";
export type { NacosAgentRegistryOptions } from "./nacos-agent-registry-options.ts";
