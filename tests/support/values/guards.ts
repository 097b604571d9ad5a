import { NetworkSet } from "../../../lib/base/network_set.ts";
import type {
  GuardedNetworks,
  ProtectionRule,
} from "../../../lib/protection/protection_policy.ts";
import { address } from "./core_values.ts";

/** Networks that a rule protects. */
export function guardOf(
  rule: ProtectionRule,
  ...networks: readonly string[]
): GuardedNetworks {
  const labelled = networks.map((text) => ({
    network: address(text),
    label: text,
  }));
  return { rule, networks: new NetworkSet(labelled) };
}
