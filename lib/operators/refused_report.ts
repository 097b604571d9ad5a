/**
 * A report that a node made and the publisher did not take.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** What was refused, for good. */
export interface RefusedReport {
  /** Who reported it. */
  readonly node: HostName;
  readonly jail: JailName;
  readonly address: Address;
  /** The rule that refused it, as in an answer to EVENTS. */
  readonly rule: string;
}
