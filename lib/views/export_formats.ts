/**
 * Bans in the formats of other programs.
 *
 * | format      | read by                                                                       |
 * | ----------- | ----------------------------------------------------------------------------- |
 * | `plain`     | one address or network per line                                               |
 * | `csv`       | address, family, end                                                          |
 * | `json`      | one object per line, see `docs/schemas/export.json`                           |
 * | `nft`       | `nft -f`: a separate table with two sets, which are refilled                  |
 * | `ipset`     | `ipset restore`: two sets, which are refilled                                 |
 * | `mikrotik`  | RouterOS `import`: an address list for each family                            |
 * | `haproxy`   | as `plain`, for `acl banned src -f FILE`                                      |
 * | `nginx-geo` | the content of nginx's `geo` block                                            |
 * | `pf`        | as `plain`, for `table <banned> persist file`                                 |
 *
 * @see {@link https://www.netfilter.org/projects/nftables/manpage.html | nft(8)}
 * @see {@link https://ipset.netfilter.org/ipset.man.html | ipset(8)}
 * @module
 */

import type { Address } from "../base/address.ts";
import { csvLine, isoText } from "./plain_texts.ts";

/** A network, and when its entry ends. */
export interface ExportedNetwork {
  readonly network: Address;
  /** In milliseconds since 1970; `null`: never, or until the next export. */
  readonly endsMs: number | null;
}

/** Every format. */
export const EXPORT_FORMATS = [
  "plain",
  "csv",
  "json",
  "nft",
  "ipset",
  "mikrotik",
  "haproxy",
  "nginx-geo",
  "pf",
] as const;

/** The program that reads the export. */
export type ExportFormat = typeof EXPORT_FORMATS[number];

/** The name of sets, tables and lists. */
const NAME = "fail2ban-cluster";
/** The same for names that allow no hyphen. */
const TABLE = "fail2ban_cluster_export";
/** Longest timeout of ipset, in seconds. */
const MAX_IPSET_SECONDS = 2_147_483;
/** Longest timeout of RouterOS, in seconds. */
const MAX_MIKROTIK_SECONDS = 21_474_836;
/** Size of a set: an existing set must have the same. */
const IPSET_ELEMENTS = 4_194_304;
/** Most elements per line for nft. */
const NFT_ELEMENTS = 500;

/**
 * Renders networks.
 *
 * @param format The program that reads it.
 * @param networks Printed in this order.
 * @param nowMs In milliseconds since 1970.
 * @returns Lines, without line ends.
 */
export function* exportLines(
  format: ExportFormat,
  networks: readonly ExportedNetwork[],
  nowMs: number,
): Generator<string, void, undefined> {
  switch (format) {
    case "plain":
    case "haproxy":
    case "pf":
      for (const { network } of networks) yield network;
      return;
    case "csv":
      yield csvLine(["network", "family", "ends"]);
      for (const { network, endsMs } of networks) {
        yield csvLine([network, `${familyOf(network)}`, isoText(endsMs) ?? ""]);
      }
      return;
    case "json":
      for (const { network, endsMs } of networks) {
        const family = familyOf(network);
        yield JSON.stringify({ network, family, ends: isoText(endsMs) });
      }
      return;
    case "nft":
      yield* nftLines(networks);
      return;
    case "ipset":
      yield* ipsetLines(networks, nowMs);
      return;
    case "mikrotik":
      yield* mikrotikLines(networks, nowMs);
      return;
    case "nginx-geo":
      for (const { network } of networks) yield `${network} 1;`;
  }
}

/**
 * Lines for nft, which applies them as one transaction: no gap without a list.
 */
function* nftLines(
  networks: readonly ExportedNetwork[],
): Generator<string, void, undefined> {
  yield `add table inet ${TABLE}`;
  for (const family of [4, 6] as const) {
    const set = `inet ${TABLE} banned${family}`;
    yield `add set ${set} { type ipv${family}_addr; flags interval; auto-merge; }`;
    yield `flush set ${set}`;
    const line = (some: readonly Address[]) =>
      `add element ${set} { ${some.join(", ")} }`;
    let some: Address[] = [];
    for (const { network } of networks) {
      if (familyOf(network) !== family) continue;
      if (some.push(network) < NFT_ELEMENTS) continue;
      yield line(some);
      some = [];
    }
    if (some.length > 0) yield line(some);
  }
}

/** Fills a second set and swaps it in, so that the list never vanishes. */
function* ipsetLines(
  networks: readonly ExportedNetwork[],
  nowMs: number,
): Generator<string, void, undefined> {
  for (const family of [4, 6] as const) {
    const set = `${NAME}-${family}`;
    const kind = `hash:net family inet${family === 4 ? "" : "6"} timeout 0`;
    const size = `maxelem ${IPSET_ELEMENTS}`;
    yield `create ${set} ${kind} ${size} -exist`;
    yield `create ${set}-new ${kind} ${size} -exist`;
    yield `flush ${set}-new`;
    for (const { network, endsMs } of networks) {
      if (familyOf(network) !== family) continue;
      const seconds = Math.min(secondsLeft(endsMs, nowMs), MAX_IPSET_SECONDS);
      yield `add ${set}-new ${network} timeout ${seconds} -exist`;
    }
    yield `swap ${set}-new ${set}`;
    yield `destroy ${set}-new`;
  }
}

function* mikrotikLines(
  networks: readonly ExportedNetwork[],
  nowMs: number,
): Generator<string, void, undefined> {
  for (const family of [4, 6] as const) {
    const menu = family === 4 ? "/ip" : "/ipv6";
    yield `${menu} firewall address-list remove [find list=${NAME}]`;
    for (const { network, endsMs } of networks) {
      if (familyOf(network) !== family) continue;
      const seconds = Math.min(
        secondsLeft(endsMs, nowMs),
        MAX_MIKROTIK_SECONDS,
      );
      const timeout = seconds === 0 ? "" : ` timeout=${seconds}s`;
      yield `${menu} firewall address-list add list=${NAME} address=${network}${timeout}`;
    }
  }
}

/** Seconds until the end; 0: no end. */
function secondsLeft(endsMs: number | null, nowMs: number): number {
  return endsMs === null ? 0 : Math.max(1, Math.ceil((endsMs - nowMs) / 1_000));
}

function familyOf(network: Address): 4 | 6 {
  return network.includes(":") ? 6 : 4;
}
