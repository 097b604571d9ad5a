/**
 * Checks whether the logged-in operator could be banned.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import { type Commands, programCommand } from "./fix_commands.ts";
import { type Finding, fine, warning } from "./finding.ts";

/** The address from which the operator is logged in. */
export interface OwnAddressFacts {
  readonly address: Address;
  /** The rule that protects it; `undefined`: there is none. */
  readonly rule: string | undefined;
  /**
   * Whether this is the publisher's host, where the allowlist can be changed.
   */
  readonly isHub: boolean;
}

/** An operator who fixes a host should not be locked out of it. */
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
