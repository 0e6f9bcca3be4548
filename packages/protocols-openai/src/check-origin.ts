import { RuntimeError } from "@agentscope-runtime/core";

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/**
 * Refuses what a page in a browser may have been talked into sending: sockets of pages from other hosts than those, by
 * default of loopback. Browsers ask nobody before they open one.
 */
export function checkOrigin(origin: string | undefined, allowed: readonly string[] = LOOPBACK): void {
  if (origin === undefined || (URL.canParse(origin) && allowed.includes(new URL(origin).hostname))) return;
  throw new RuntimeError("ACCESS_DENIED", "This server takes no such Origin: name it in allowedOrigins.");
}
