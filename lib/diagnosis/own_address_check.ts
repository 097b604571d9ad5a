/**
 * Checks whether whoever is logged in could be banned.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type Commands, programCommand } from "./fix_commands.ts";
import { type Finding, fine, warning } from "./finding.ts";

/** Where the operator of this session comes from. */
export interface OwnAddressFacts {
  readonly address: Address;
  /** The rule by which nobody bans it; `undefined`: there is none. */
  readonly rule: string | undefined;
  /** Whether the allowlist can be changed here. */
  readonly isHub: boolean;
}

/** Whoever mends a host should not be shut out of it. */
export function checkOwnAddress(
  { address, rule, isHub }: OwnAddressFacts,
  commands: Commands,
): readonly Finding[] {
  const subject = "own address";
  if (rule !== undefined) {
    return [fine(subject, `${address} is protected (${rule})`)];
  }
  const add = programCommand(
    commands,
    "fail2ban-cluster",
    "allow",
    "add",
    address,
  );
  return [warning(
    subject,
    `${address}, from which this session comes, may be banned`,
    isHub ? add : `on the hub: fail2ban-cluster allow add ${address}`,
  )];
}
