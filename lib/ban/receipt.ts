/**
 * What a subscriber reports of a ban that it was to enforce.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";

/** What became of a ban at one action of a subscriber. */
export interface Receipt {
  /** The jail that decided. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** The action's word in `subscriberaction`. */
  readonly action: string;
  /** `refused`: by a rule of that host; `failed`: it is tried again. */
  readonly outcome: "applied" | "lifted" | "refused" | "failed";
  /** The rule that refused it, or why it failed; printable ASCII, 200 characters at most; empty for the others. */
  readonly detail: string;
  /** How long ago, in whole milliseconds. */
  readonly agoMs: number;
}
