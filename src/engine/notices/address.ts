import { BlockList, isIP } from "node:net";

/** IPv4 that is not the public internet: the IANA special-purpose registry, multicast, and Azure's host address. */
const V4_REFUSED: readonly (readonly [string, number])[] = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["168.63.129.16", 32],
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
];

/** Within 2000::/3, the only part of IPv6 that is public: protocol assignments (Teredo too), documentation, 6to4. */
const V6_REFUSED: readonly (readonly [string, number])[] = [
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
];

const refusedV4 = new BlockList();
for (const [address, prefix] of V4_REFUSED) refusedV4.addSubnet(address, prefix, "ipv4");
const refusedV6 = new BlockList();
for (const [address, prefix] of V6_REFUSED) refusedV6.addSubnet(address, prefix, "ipv6");
const publicV6 = new BlockList();
publicV6.addSubnet("2000::", 3, "ipv6");

/**
 * Whether an IP address is on the public internet. IPv4 inside IPv6 (mapped `::ffff:a.b.c.d`, and NAT64's
 * `64:ff9b::a.b.c.d`) is judged as the IPv4 it is. What is no IP address is not public.
 */
export function isPublicAddress(address: string): boolean {
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  const family = isIP(bare);
  if (family === 4) return !refusedV4.check(bare, "ipv4");
  if (family !== 6) return false;
  const inner = embeddedV4(bare);
  if (inner !== undefined) return !refusedV4.check(inner, "ipv4");
  return publicV6.check(bare, "ipv6") && !refusedV6.check(bare, "ipv6");
}

/** The IPv4 address in a mapped or NAT64 one. URL writes IPv6 in its canonical form, without dots. */
function embeddedV4(address: string): string | undefined {
  const canonical = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const match = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(canonical);
  const short = /^64:ff9b::([0-9a-f]{0,4})$/.exec(canonical);
  const high = match ? Number.parseInt(match[1] ?? "", 16) : 0;
  const low = Number.parseInt((match ? match[2] : short?.[1]) || "0", 16);
  if (!match && !short) return undefined;
  return [high >> 8, high & 255, low >> 8, low & 255].join(".");
}
