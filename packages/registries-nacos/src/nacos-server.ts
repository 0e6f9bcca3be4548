import { RuntimeError } from "@agentscope-runtime/core";

/** The addresses of servers as URLs that end in their path; throws `CONFIGURATION_ERROR`. */
export function toServers(servers: string | readonly string[]): readonly string[] {
  const all = typeof servers === "string" ? [servers] : servers;
  if (all.length === 0) throw misfit("NacosAgentRegistry needs the address of a Nacos server.");
  return all.map(toServer);
}

function toServer(address: string): string {
  const text = address.includes("://") ? address : `http://${address}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol)) {
    throw misfit("The address of a Nacos server is host:port or a URL of http or https.");
  }
  // The address is part of messages.
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw misfit(
      "The address of a Nacos server has no credentials and no query: there are options for these.",
    );
  }
  const path = url.pathname.replace(/\/+$/, "");
  return url.origin + (path === "" ? "/nacos" : path);
}

function misfit(message: string): RuntimeError {
  return new RuntimeError("CONFIGURATION_ERROR", message);
}
