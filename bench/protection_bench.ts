/**
 * Number of protection checks per second, with a long `ignoreip`.
 *
 * @module
 */

import { canonicalAddress } from "../lib/base/address.ts";
import { type LabelledNetwork, NetworkSet } from "../lib/base/network_set.ts";
import {
  type ProtectionPolicy,
  refusal,
} from "../lib/protection/protection_policy.ts";
import { address } from "../tests/support/values/core_values.ts";
import { testAddress } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const CHECKS = sized(200_000, 5_000);
const RUNS = sized(5, 1);
const LENGTHS = [0, 1_000, 100_000] as const;

/** The `index`-th entry: single addresses and networks, IPv4 and IPv6. */
function entryAt(index: number): LabelledNetwork {
  const high = index >> 8 & 255;
  const low = index & 255;
  const text = [
    `11.${index >> 16}.${high}.${low}`,
    `12.${high}.${low}.0/24`,
    `2001:db8:${high.toString(16)}:${low.toString(16)}:${index >> 16}::1`,
    `2001:db9:${index >> 16}:${(index & 0xffff).toString(16)}::/64`,
  ][index % 4];
  const network = canonicalAddress(text ?? "");
  if (network === undefined) throw new Error(`No network: ${text}`);
  return { network, label: network };
}

function policyOf(length: number): ProtectionPolicy {
  const entries = Array.from({ length }, (_, index) => entryAt(index));
  const networks = new NetworkSet(entries);
  return {
    minPrefix4Bits: 24,
    minPrefix6Bits: 48,
    guarded: [{ rule: "ignoreip", networks }],
  };
}

/** Checks per second. */
function run(
  textAt: (index: number) => string,
  policy: ProtectionPolicy,
): number {
  const asked = Array.from(
    { length: CHECKS },
    (_, index) => address(textAt(index & 0xffff)),
  );
  const startMs = performance.now();
  const refused = asked.filter((each) => refusal(each, policy) !== undefined);
  const seconds = (performance.now() - startMs) / 1_000;
  if (refused.length > 0) throw new Error(`${refused[0]} was refused`);
  return CHECKS / seconds;
}

/** Measures and prints. */
export function benchProtection(): void {
  const rows = LENGTHS.map((length) => {
    const policy = policyOf(length);
    const rate = (textAt: (index: number) => string) => {
      const runs = Array.from({ length: RUNS }, () => run(textAt, policy));
      return `${(median(runs) / 1e6).toFixed(2)} million checks/s`;
    };
    const ipv6 = (index: number) =>
      `2a00::1:${(index % 65_535 + 1).toString(16)}`;
    return [`${length} entries`, rate(testAddress), rate(ipv6)];
  });
  printTable(
    `may an address be banned? (median of ${RUNS} runs)`,
    [["ignoreip", "IPv4", "IPv6"], ...rows],
  );
}

if (import.meta.main) benchProtection();
