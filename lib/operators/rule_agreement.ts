/**
 * Whether a node would judge bans as the publisher does.
 *
 * What has to be the same on both: the verdict on the probe's address, the
 * cluster's allowlist, and how wide and how private a ban may be. Own addresses,
 * gateways and name servers are a host's own, and so is `ignoreip`, as long as
 * it does not protect the probe's address.
 *
 * @module
 */

import type { Disagreement } from "../wire/operator_testing.ts";
import type { ProbeVerdict } from "../wire/v2_probes.ts";

/**
 * What differs.
 *
 * @param node What the node said.
 * @param hubs What the publisher had when it asked, and has now: a list that
 * has changed in between is on its way.
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
