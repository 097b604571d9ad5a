/**
 * Keeps the cluster's own doing out of what a monitor reports.
 *
 * What a subscriber applies through fail2ban is logged by fail2ban as any
 * other ban. In the dedicated jail the log session leaves it out; in other
 * jails, where `jailmap` leads, what the subscriber noted tells it apart.
 *
 * @module
 */

import type { SharedEvent } from "./log_session.ts";
import { keyOfBan } from "./plan_entry.ts";
import type { EchoOracle } from "./ports.ts";

/** How a filter is set up. */
export interface EchoFilterOptions {
  /** The host's own bans that are remembered; above it the oldest is forgotten. @default {100000} */
  readonly maxOwnBans?: number;
}

/**
 * Tells echoes from the host's own bans. The host's own ban of an address makes
 * the unban that follows its own, too.
 */
export class EchoFilter {
  readonly #oracle: EchoOracle;
  readonly #maxOwnBans: number;
  readonly #ownBans = new Set<string>();

  /**
   * @param oracle What the subscriber noted.
   * @param options How the filter is set up.
   */
  constructor(oracle: EchoOracle, options: EchoFilterOptions = {}) {
    this.#oracle = oracle;
    this.#maxOwnBans = options.maxOwnBans ?? 100_000;
  }

  /**
   * Says whether an event is the cluster's own doing.
   *
   * @param event What this host's fail2ban logged.
   */
  isEcho(event: Omit<SharedEvent, "id">): boolean {
    const { kind, jail, address } = event;
    const key = keyOfBan(event);
    if (kind === "unban" && this.#ownBans.delete(key)) return false;
    const isEcho = this.#oracle.isEcho(kind, jail, address);
    if (kind === "ban" && !isEcho) this.#remember(key);
    return isEcho;
  }

  #remember(key: string): void {
    this.#ownBans.delete(key);
    this.#ownBans.add(key);
    if (this.#ownBans.size <= this.#maxOwnBans) return;
    const [oldest] = this.#ownBans;
    if (oldest !== undefined) this.#ownBans.delete(oldest);
  }
}
