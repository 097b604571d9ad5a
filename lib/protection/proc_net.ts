/**
 * Reads addresses from Linux's own network files. Ignores unknown lines: the
 * system writes these files, and an unknown line protects no fewer addresses.
 *
 * @see {@link https://man7.org/linux/man-pages/man5/proc_pid_net.5.html | proc_pid_net(5)}
 * @see {@link https://man7.org/linux/man-pages/man5/resolv.conf.5.html | resolv.conf(5)}
 * @module
 */

import ipaddr from "ipaddr.js";
import { type Address, canonicalAddress } from "../base/address.ts";

/** `RTF_UP | RTF_GATEWAY` of linux/route.h: in use, and through a gateway. */
const THROUGH_A_GATEWAY = 0x3;
/** `0.0.0.0/0`, or one of the two halves that a VPN uses instead. */
const DEFAULT_ROUTES: ReadonlySet<string> = new Set([
  "00000000/00000000",
  "00000000/00000080",
  "00000080/00000080",
]);
/**
 * An IPv6 default route is `::/0` or `2000::/3`; a VPN splits it into halves.
 */
const MAX_DEFAULT_BITS = 4;
const IPV4_WORD = /^[0-9A-Fa-f]{8}$/;
const IPV6_WORD = /^[0-9a-f]{32}$/;
const NAMESERVER = /^nameserver[ \t]+(\S+)/;

/**
 * Reads `/proc/net/route`. Its words are in machine byte order, which is
 * little-endian on every platform of the runtime.
 *
 * @returns The gateways of default routes, each once.
 */
export function defaultGateways4(text: string): readonly Address[] {
  return distinct(
    text.split("\n").map((line) => {
      const [, destination, gateway = "", flags, , , , mask] = line.split(
        /\s+/,
      );
      const route = `${destination}/${mask}`;
      return DEFAULT_ROUTES.has(route) && usesGateway(flags)
        ? ipv4Word(gateway)
        : undefined;
    }),
  );
}

/**
 * Reads `/proc/net/ipv6_route`.
 *
 * @returns The gateways of default routes, each once.
 */
export function defaultGateways6(text: string): readonly Address[] {
  return distinct(
    text.split("\n").map((line) => {
      const [, bits = "", , , gateway = "", , , , flags] = line.split(/\s+/);
      return parseInt(bits, 16) <= MAX_DEFAULT_BITS && usesGateway(flags)
        ? ipv6Word(gateway)
        : undefined;
    }),
  );
}

/**
 * Reads `/etc/resolv.conf`.
 *
 * @returns The name servers, each once.
 */
export function nameServers(text: string): readonly Address[] {
  return distinct(
    text.split("\n").map((line) => {
      const server = NAMESERVER.exec(line)?.[1];
      return server === undefined ? undefined : singleAddress(server);
    }),
  );
}

/**
 * Reads one address as the system writes it; a link-local address may have an
 * interface name after it.
 *
 * @returns The address, or `undefined` when the text is not one.
 */
export function singleAddress(text: string): Address | undefined {
  const [address = ""] = text.split("%");
  return address.includes("/") ? undefined : canonicalAddress(address);
}

function usesGateway(flags = ""): boolean {
  return (parseInt(flags, 16) & THROUGH_A_GATEWAY) === THROUGH_A_GATEWAY;
}

function ipv4Word(word: string): Address | undefined {
  if (!IPV4_WORD.test(word)) return undefined;
  const octets = pairs(word).toReversed();
  return canonicalAddress(octets.map((octet) => parseInt(octet, 16)).join("."));
}

function ipv6Word(word: string): Address | undefined {
  if (!IPV6_WORD.test(word)) return undefined;
  const bytes = pairs(word).map((byte) => parseInt(byte, 16));
  return canonicalAddress(ipaddr.fromByteArray(bytes).toString());
}

function pairs(word: string): readonly string[] {
  return word.match(/../g) ?? [];
}

function distinct(
  addresses: readonly (Address | undefined)[],
): readonly Address[] {
  return [...new Set(addresses.filter((address) => address !== undefined))];
}
