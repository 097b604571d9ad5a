/**
 * Live events, one of each kind.
 *
 * @module
 */

import type { LiveEvent } from "../../../lib/wire/operator_tail.ts";
import { address, host, jail } from "./core_values.ts";

function at(minute: number, second: number): number {
  return Date.UTC(2026, 10, 29, 13, minute, second);
}

const OTHER = { jail: jail("nginx"), address: address("203.0.113.8") };

/** The two of the golden example, then the others. */
export const LIVE_EVENTS: readonly LiveEvent[] = [
  {
    ...{ kind: "ban", atMs: at(2, 11), address: address("203.0.113.7") },
    ...{ jail: jail("sshd"), node: host("web1") },
    ...{ enforced: 11, expected: 11, afterMs: 5 },
  },
  {
    ...{ kind: "refuse", atMs: at(4, 2), address: address("127.0.0.1") },
    ...{ jail: jail("sshd"), node: host("web9"), rule: "loopback" },
  },
  { kind: "wait", atMs: at(4, 3), ...OTHER, node: host("web1") },
  {
    ...{ kind: "ban", atMs: at(4, 4), ...OTHER, node: host("web2") },
    ...{ enforced: 0, expected: 0, afterMs: null },
  },
  { kind: "report", atMs: at(4, 5), ...OTHER, node: host("web3") },
  { kind: "end", atMs: at(4, 6), ...OTHER, end: "operator", node: null },
  {
    ...{
      kind: "end",
      atMs: at(4, 7),
      address: address("2001:db8:7:8:9:a:b:c"),
    },
    ...{ jail: jail("sshd"), end: "withdraw", node: host("web1") },
  },
  { kind: "lost", count: 1_204 },
];
