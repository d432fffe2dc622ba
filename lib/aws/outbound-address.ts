import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * Whether a call may leave for this address: one of the public internet, and no other. Of IPv4 everything but what IANA
 * lists as special-purpose; of IPv6 only global unicast (2000::/3) less what is special there. Forms that carry an IPv4
 * address inside (mapped, compatible, NAT64, 6to4, Teredo) fall outside, whatever they carry.
 * https://www.iana.org/assignments/iana-ipv4-special-registry
 * https://www.iana.org/assignments/iana-ipv6-special-registry
 *
 * @example isPublicAddress("169.254.169.254") // false
 */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !specialIpv4.check(address, "ipv4");
  // A zone (fe80::1%eth0) is link-local's.
  if (!isIPv6(address) || address.includes("%")) return false;
  return globalUnicast.check(address, "ipv6") && !specialIpv6.check(address, "ipv6");
}

const specialIpv4 = listOf("ipv4", [
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
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
]);

const globalUnicast = listOf("ipv6", [["2000::", 3]]);

const specialIpv6 = listOf("ipv6", [
  // Teredo, benchmarking, ORCHID and the rest of the protocol assignments.
  ["2001::", 23],
  ["2001:db8::", 32],
  // 6to4: an IPv4 address, whichever it is.
  ["2002::", 16],
  ["3fff::", 20],
]);

function listOf(family: "ipv4" | "ipv6", ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}
