/**
 * Filters the cluster's own actions out of a monitor's reports.
 *
 * fail2ban logs a ban that the subscriber applied like any other ban.
 * `RestartFilter` leaves out the cluster's own jail; in other jails, which
 * `jailmap` may name, the subscriber's ledger tells these bans apart.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKind } from "../ban/ban_event.ts";
import type { JailName } from "../base/jail_name.ts";
import { keyOf } from "../ban/ban.ts";
import type { DetectionOracle } from "../fail2ban/ports.ts";
import type { EchoOracle } from "../enforce/enforcer.ts";

/** An event in this host's fail2ban log. */
export interface LoggedEvent {
  /** What happened. */
  readonly kind: BanKind;
  /** The jail that decided. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /**
   * When its line was written, in milliseconds since 1970; `undefined`:
   * unknown.
   */
  readonly atMs?: number | undefined;
}

/** Options for {@link EchoFilter}. */
export interface EchoFilterOptions {
  /**
   * Maximum number of the host's own bans that are remembered; above it the
   * oldest is forgotten. @default {100000}
   */
  readonly maxOwnBans?: number;
  /** The bans that fail2ban itself detected, if its database can be asked. */
  readonly detections?: DetectionOracle | undefined;
}

/** Rounding of a ban's time in fail2ban's database, in milliseconds. */
const SAME_BAN_MS = 2_000;

/**
 * Tells echoes from the host's own bans. After a host's own ban of an address,
 * the next unban is the host's own, too.
 */
export class EchoFilter {
  readonly #oracle: EchoOracle;
  readonly #maxOwnBans: number;
  readonly #detections: DetectionOracle | undefined;
  readonly #ownBans = new Set<string>();

  /**
   * @param oracle The subscriber's records.
   * @param options See {@link EchoFilterOptions}.
   */
  constructor(oracle: EchoOracle, options: EchoFilterOptions = {}) {
    this.#oracle = oracle;
    this.#maxOwnBans = options.maxOwnBans ?? 100_000;
    this.#detections = options.detections;
  }

  /**
   * Whether the cluster caused an event.
   *
   * @param event An event in this host's fail2ban log.
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

  /** The row is written after the line, so a missing row proves nothing. */
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
