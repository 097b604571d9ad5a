/**
 * Compares a node's protection rules with the publisher's.
 *
 * These must agree: the verdict on the probe's address, the cluster's
 * allowlist, the shortest prefixes, and whether private addresses may be
 * banned. Own addresses, gateways, name servers and `ignoreip` may differ
 * between hosts, unless they protect the probe's address.
 *
 * @module
 */

import type { Disagreement } from "../wire/operator_testing.ts";
import type { ProbeVerdict } from "../wire/v2_probes.ts";

/**
 * Lists the differences.
 *
 * @param node The node's answer.
 * @param hubs The publisher's rules when it asked, and now: a changed allowlist
 * may still be on its way to the node.
 */
export function disagreements(
  node: ProbeVerdict,
  hubs: readonly [ProbeVerdict, ProbeVerdict],
): readonly Disagreement[] {
  const [before, now] = hubs;
  const rules = [
    ["verdict", verdictText],
    ["allowlist", ({ revision }) => String(revision)],
    ["minprefix4", ({ minPrefix4 }) => String(minPrefix4)],
    ["minprefix6", ({ minPrefix6 }) => String(minPrefix6)],
    ["allowprivate", ({ allowPrivate }) => String(allowPrivate)],
  ] as const satisfies readonly (readonly [
    Disagreement["rule"],
    (verdict: ProbeVerdict) => string,
  ])[];
  return rules.flatMap(([rule, of]) => {
    const said = of(node);
    const agrees = said === of(before) || said === of(now);
    return agrees ? [] : [{ rule, node: said, hub: of(now) }];
  });
}

function verdictText({ refused }: ProbeVerdict): string {
  return refused === "" ? "allowed" : refused;
}
