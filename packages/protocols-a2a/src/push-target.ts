import { lookup } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { RequestMalformedError } from "@a2a-js/sdk/errors";

/** Reads the URL of a push notification; throws `RequestMalformedError` for one that nothing may be sent to. */
export function toPushTarget(text: string, allowPrivate: boolean): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new RequestMalformedError("The URL of a push notification must be an http or https URL.");
  }
  if (allowPrivate) return url;
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  if (/(^|\.)localhost\.?$/i.test(host) || (isIP(host) !== 0 && isPrivate(host))) {
    throw new RequestMalformedError("The URL of a push notification must not name a private address.");
  }
  return url;
}

/** Resolves names like DNS does, but to no private address: what was checked is what is connected to. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, "", 0);
    const [first] = addresses;
    if (first === undefined || addresses.some(({ address }) => isPrivate(address))) {
      return callback(new Error(`${hostname} has a private address.`), "", 0);
    }
    return options.all ? callback(null, addresses) : callback(null, first.address, first.family);
  });
};

/** True for an address that is not everybody's: of this machine, of a local network, or of no single machine. */
export function isPrivate(address: string): boolean {
  const [bare = ""] = address.split("%");
  if (isIP(bare) === 4) return PRIVATE.check(bare, "ipv4");
  return isIP(bare) !== 6 || PRIVATE.check(bare, "ipv6") || !PUBLIC.check(bare, "ipv6");
}

const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
// Ways to write IPv4 addresses, and what is for documentation.
for (const [network, prefix] of [
  ["2001::", 32],
  ["2001:db8::", 32],
  ["2002::", 16],
] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

const PUBLIC = new BlockList();
PUBLIC.addSubnet("2000::", 3, "ipv6");
