/**
 * The port of what a subscriber does about bans.
 *
 * @module
 */

import type { BanUpdate } from "../ban/ban_event.ts";

/** Does something about bans on this host. */
export interface BanAction {
  /** The word in `subscriberaction` that names it. */
  readonly name: string;
  /**
   * Makes the events true on this host. Idempotent; the events are in order,
   * and a ban may say when it ends. A rejection means that none of them can be counted as done.
   */
  act(events: readonly BanUpdate[], signal: AbortSignal): Promise<void>;
}
