/**
 * A report that the publisher refused.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** A finally refused report. */
export interface RefusedReport {
  /** The node that reported. */
  readonly node: HostName;
  readonly jail: JailName;
  readonly address: Address;
  /** The rule that refused it, as in the answer to EVENTS. */
  readonly rule: string;
}
