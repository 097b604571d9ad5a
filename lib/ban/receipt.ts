/**
 * The result of a subscriber's action, as reported to the publisher.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { JailName } from "../base/jail_name.ts";

/** The result of one action of a subscriber for one ban. */
export interface Receipt {
  /** The jail that decided. */
  readonly jail: JailName;
  /** The banned address or prefix. */
  readonly address: Address;
  /** The action's name in `subscriberaction`. */
  readonly action: string;
  /**
   * `refused`: by a rule of that host; `failed`: the subscriber tries again.
   */
  readonly outcome: "applied" | "lifted" | "refused" | "failed";
  /**
   * The rule that refused it, or why it failed; printable ASCII, at most 200
   * characters; empty for other outcomes.
   */
  readonly detail: string;
  /** How long ago, in whole milliseconds. */
  readonly agoMs: number;
}
