/**
 * The ports of what a subscriber does with bans, and of what enforces bans on a
 * host.
 *
 * Times of bans are from the process's one `SteadyClock`, in milliseconds since
 * 1970; adapters convert other times.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey } from "../ban/ban.ts";
import type { BanKind, BanUpdate } from "../ban/ban_event.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Carries out bans on this host. */
export interface BanAction {
  /** Its name in `subscriberaction`. */
  readonly name: string;
  /**
   * Carries out updates on this host, except bans of protected addresses, which
   * every action refuses. Idempotent; the updates are in order. A rejection
   * means that none of them counts as done.
   */
  act(updates: readonly BanUpdate[], signal: AbortSignal): Promise<void>;
}

/** State of an action that keeps bans in force: numbers of bans. */
export interface ActionStanding {
  /** {@link Enforcer.name}. */
  readonly name: string;
  /** Bans that should be in force. */
  readonly wanted: number;
  /** Bans in force, as far as is known. */
  readonly inForce: number;
  /** Bans that failed and will be tried again. */
  readonly failing: number;
  /** Bans that were refused; they are tried again only after a change. */
  readonly refused: number;
}

/** A ban as it is enforced on this host. */
export interface HostBan {
  /** The jail of this host that enforces it. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** When it ends, in steady time; `Infinity`: never. */
  readonly expiresMs: number;
  /** The node that reported it last. */
  readonly origin: HostName;
  /** The jail that decided on that node. */
  readonly reportedJail: JailName;
  /** The number of the change that made it so; `undefined`: unknown. */
  readonly change?: number | undefined;
}

/** An enforced ban, as its enforcer lists it. */
export interface ActiveBan {
  /** The jail of this host. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** When it ends, in steady time; `undefined`: the enforcer does not say. */
  readonly expiresMs: number | undefined;
}

/** A ban that was not applied, or not lifted. */
export interface EnforcementFailure {
  /** Which ban. */
  readonly ban: HostBan;
  /** Why, in one sentence; the same words for the same cause. */
  readonly reason: string;
  /**
   * What to do next. `failed`: try again. `refused`: wait, because another try
   * is useless until something changes. `present`: nothing, because the ban was
   * in force before this call and still is. @default {"failed"}
   */
  readonly kind?: "failed" | "refused" | "present";
}

/**
 * Enforces bans on this host: fail2ban, a firewall, a program. One call at a
 * time; but with {@link Enforcer.isUnchanged}, `isUnchanged`, `check` and
 * `list` may run during `apply` and `lift`. Applying a ban that is in force
 * changes only its end; lifting a ban that is not changes nothing.
 */
export interface Enforcer {
  /** Its name in `subscriberaction`. */
  readonly name: string;
  /**
   * Whether bans end there by themselves at their time; otherwise they have to
   * be lifted.
   */
  readonly lapses: boolean;
  /**
   * Whether only this action applies the bans that are listed, so that no
   * record is needed of which ones are its own. @default {false}
   */
  readonly isAllOurs?: boolean;
  /** Maximum number of bans in a call, so that no call takes long. */
  readonly maxBansAtOnce: number;
  /**
   * Grows when the bans in force may differ from what calls said: the enforcing
   * program was restarted, or did more than it was told. @default {0}
   */
  readonly disturbances?: number;
  /**
   * Whether certainly nobody else changed the bans in force since the last
   * `list`. Costs next to nothing; asked every second. Without it the bans in
   * force are listed after calls and for each comparison.
   *
   * @throws {RuntimeError} when it can't be asked at the moment.
   */
  isUnchanged?(signal: AbortSignal): Promise<boolean>;
  /**
   * Returns, once, the bans that somebody else deleted since the last `list`;
   * called when `isUnchanged` is false. Costs next to nothing.
   *
   * @returns `undefined` when there may have been other changes.
   */
  takeDeleted?(signal: AbortSignal): Promise<readonly BanKey[] | undefined>;
  /**
   * Checks that it can work, and creates what it needs, including what somebody
   * has removed since.
   *
   * @throws {RuntimeError} when it can't work at the moment.
   */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Enforces bans.
   *
   * @returns The bans that this call did not put in force; see
   * {@link EnforcementFailure}.
   * @throws {RuntimeError} when none of them counts as done.
   */
  apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]>;
  /** Ends bans; returns and throws as {@link Enforcer.apply} does. */
  lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]>;
  /**
   * Renews bans that would end there too early; when there is no time for all,
   * those that end first. Without it bans end at their own time.
   *
   * @param bans In force by this enforcer, and still wanted.
   * @param begin Called with the bans that are about to be renewed.
   * @param signal Ends the waits.
   * @returns In how many milliseconds to call again.
   * @throws {RuntimeError} when it can't at the moment.
   */
  renew?(
    bans: readonly HostBan[],
    begin: (bans: readonly HostBan[]) => void,
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * Lists the bans in force.
   *
   * @returns `undefined` when the enforcer can't know them.
   * @throws {RuntimeError} when it can't be asked at the moment.
   */
  list(signal: AbortSignal): Promise<readonly ActiveBan[] | undefined>;
}

/** What became of a ban on this host. */
export interface ActionReceipt {
  /** The jail that decided on the reporting host. */
  readonly jail: JailName;
  /** The banned address. */
  readonly address: Address;
  /** {@link Enforcer.name}. */
  readonly action: string;
  /**
   * `refused`: by protection or by the jail's `ignoreip`; `failed`: will be
   * tried again.
   */
  readonly outcome: "applied" | "lifted" | "refused" | "failed";
  /** Why, or how; may be empty. */
  readonly detail: string;
  /** When, in steady time. */
  readonly atMs: number;
}

/** Receives what became of bans. Never throws, never waits. */
export interface ReceiptSink {
  /** Whether it has room for receipts that may wait. @default {true, always} */
  readonly hasRoom?: boolean;
  /**
   * Takes a receipt. A failure comes once for each ban and reason, not for each
   * try.
   */
  add(receipt: ActionReceipt): void;
}

/** Tells the cluster's bans on this host from the host's own. */
export interface EchoOracle {
  /**
   * Whether the cluster caused a `Ban` or `Unban` line of this host's fail2ban.
   *
   * @param kind Which line.
   * @param jail The jail of the line.
   * @param address The address of the line.
   * @param atMs When the line was written, in milliseconds since 1970 by the
   * system's clock; `undefined`: the line does not say.
   */
  isEcho(
    kind: BanKind,
    jail: JailName,
    address: Address,
    atMs?: number,
  ): boolean;
}
