/**
 * Keeps the cluster's own doing out of what a monitor reports.
 *
 * What a subscriber applies through fail2ban is logged by fail2ban as any
 * other ban. In the dedicated jail the log session leaves it out; in other
 * jails, where `jailmap` leads, what the subscriber noted tells it apart.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKind } from "../ban/ban_event.ts";
import type { JailName } from "../base/jail_name.ts";
import { keyOf } from "../ban/ban.ts";
import type { DetectionOracle } from "../fail2ban/ports.ts";
import type { EchoOracle } from "../enforce/enforcer.ts";

/** What this host's fail2ban logged. */
export interface LoggedEvent {
  /** What happened. */
  readonly kind: BanKind;
  /** The jail that decided. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** When its line was written, in milliseconds since 1970; `undefined`: nobody knows. */
  readonly atMs?: number | undefined;
}

/** How a filter is set up. */
export interface EchoFilterOptions {
  /** The host's own bans that are remembered; above it the oldest is forgotten. @default {100000} */
  readonly maxOwnBans?: number;
  /** What fail2ban detected itself, where its database can be asked. */
  readonly detections?: DetectionOracle | undefined;
}

/** fail2ban's database rounds the time of a ban, in milliseconds. */
const SAME_BAN_MS = 2_000;

/**
 * Tells echoes from the host's own bans. The host's own ban of an address makes
 * the unban that follows its own, too.
 */
export class EchoFilter {
  readonly #oracle: EchoOracle;
  readonly #maxOwnBans: number;
  readonly #detections: DetectionOracle | undefined;
  readonly #ownBans = new Set<string>();

  /**
   * @param oracle What the subscriber noted.
   * @param options How the filter is set up.
   */
  constructor(oracle: EchoOracle, options: EchoFilterOptions = {}) {
    this.#oracle = oracle;
    this.#maxOwnBans = options.maxOwnBans ?? 100_000;
    this.#detections = options.detections;
  }

  /**
   * Says whether an event is the cluster's own doing.
   *
   * @param event What this host's fail2ban logged.
   */
  isEcho(event: LoggedEvent): boolean {
    const { kind, jail, address, atMs } = event;
    const key = keyOf(event);
    if (kind === "unban" && this.#ownBans.delete(key)) return false;
    const isEcho = !this.#isDetected(event) &&
      this.#oracle.isEcho(kind, jail, address, atMs);
    if (kind === "ban" && !isEcho) this.#remember(key);
    return isEcho;
  }

  /** The row is written after the line: that there is none yet says nothing. */
  #isDetected({ kind, jail, address, atMs = NaN }: LoggedEvent): boolean {
    if (kind === "unban") return false;
    const detectedMs = this.#detections?.detectedAtMs(jail, address) ?? NaN;
    return Math.abs(detectedMs - atMs) <= SAME_BAN_MS;
  }

  #remember(key: string): void {
    this.#ownBans.delete(key);
    this.#ownBans.add(key);
    if (this.#ownBans.size <= this.#maxOwnBans) return;
    const [oldest] = this.#ownBans;
    if (oldest !== undefined) this.#ownBans.delete(oldest);
  }
}
