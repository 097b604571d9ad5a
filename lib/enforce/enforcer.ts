/**
 * The ports of what a subscriber does about bans, and of what enforces them on
 * a host.
 *
 * Times of bans are those of the process's one `SteadyClock`, in milliseconds
 * since 1970: what has other times converts them in its adapter.
 *
 * @module
 */

import type { Address } from "../base/address.ts";
import type { BanKey } from "../ban/ban.ts";
import type { BanKind, BanUpdate } from "../ban/ban_event.ts";
import type { HostName } from "../base/host_name.ts";
import type { JailName } from "../base/jail_name.ts";

/** Does something about bans on this host. */
export interface BanAction {
  /** The word in `subscriberaction` that names it. */
  readonly name: string;
  /**
   * Makes updates true on this host, but for bans of protected addresses, which
   * every action refuses. Idempotent; the updates are in order. A rejection
   * means that none of them can be counted as done.
   */
  act(updates: readonly BanUpdate[], signal: AbortSignal): Promise<void>;
}

/** How an action that keeps bans in force stands: numbers of bans. */
export interface ActionStanding {
  /** {@link Enforcer.name}. */
  readonly name: string;
  /** That should be in force. */
  readonly wanted: number;
  /** That are, as far as it knows. */
  readonly inForce: number;
  /** That failed, and are tried again. */
  readonly failing: number;
  /** That were refused, and are tried again only when something changes. */
  readonly refused: number;
}

/** A ban as it is enforced on this host. */
export interface HostBan {
  /** The jail of this host that it is enforced in. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** When it ends, in steady time; `Infinity`: never. */
  readonly expiresMs: number;
  /** The node that reported it last. */
  readonly origin: HostName;
  /** The jail that decided there. */
  readonly reportedJail: JailName;
  /** The number of the change by which it is so; `undefined`: nobody said. */
  readonly change?: number | undefined;
}

/** A ban that is enforced, as the thing that enforces it lists it. */
export interface ActiveBan {
  /** The jail of this host. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** When it ends, in steady time; `undefined`: the enforcer does not tell. */
  readonly expiresMs: number | undefined;
}

/** A ban that was not applied, or not lifted. */
export interface EnforcementFailure {
  /** Which ban. */
  readonly ban: HostBan;
  /** Why, in one sentence; the same words for the same cause. */
  readonly reason: string;
  /**
   * What to do about it: `failed`: try again; `refused`: trying again is useless
   * until something changes; `present`: nothing, somebody had it in force
   * before this call, and still has. @default {"failed"}
   */
  readonly kind?: "failed" | "refused" | "present";
}

/**
 * Enforces bans on this host: fail2ban, a firewall, a program. One call at a
 * time, but that where there is {@link Enforcer.isUnchanged} it, `check` and
 * `list` are called beside `apply` and `lift`, too. Applying what is in force and lifting what is not is fine and changes
 * nothing but the end.
 */
export interface Enforcer {
  /** The word in `subscriberaction` that names it. */
  readonly name: string;
  /** Whether bans end there by themselves at their time; others have to be lifted then. */
  readonly lapses: boolean;
  /**
   * Whether nobody but this action puts in force what is listed, so that no
   * note tells what is its own. @default {false}
   */
  readonly isAllOurs?: boolean;
  /** Bans that one call takes at most, so that none takes long. */
  readonly maxBansAtOnce: number;
  /**
   * Grows when what is in force may no longer be what calls said: what enforces
   * was started anew, or did more than it was told. @default {0}
   */
  readonly disturbances?: number;
  /**
   * Whether for certain nobody else changed what is in force since the last
   * `list`. Costs next to nothing, and is asked every second. Without it what is
   * in force is listed after calls, and at the time of each comparison.
   *
   * @throws {RuntimeError} when it can't be asked, now.
   */
  isUnchanged?(signal: AbortSignal): Promise<boolean>;
  /**
   * What somebody else took out of force since the last `list`, once; asked when
   * it is not unchanged. Costs next to nothing.
   *
   * @returns `undefined` when that may not be all that was changed.
   */
  takeDeleted?(signal: AbortSignal): Promise<readonly BanKey[] | undefined>;
  /**
   * Looks whether it can work, and prepares it; also what somebody took away since.
   *
   * @throws {RuntimeError} when it can't, now.
   */
  check(signal: AbortSignal): Promise<void>;
  /**
   * Enforces bans.
   *
   * @returns Those that are not in force by this call; see {@link EnforcementFailure}.
   * @throws {RuntimeError} when none of them can be counted as done.
   */
  apply(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]>;
  /** Ends bans; as {@link Enforcer.apply}. */
  lift(
    bans: readonly HostBan[],
    signal: AbortSignal,
  ): Promise<readonly EnforcementFailure[]>;
  /**
   * Makes bans anew that end there before they should, for want of time those
   * first that end first. Without it bans end at their own time.
   *
   * @param bans In force by this enforcer, and wanted still.
   * @param begin Told of those that are about to be made anew.
   * @param signal Ends the waits.
   * @returns In how many milliseconds to call again.
   * @throws {RuntimeError} when it can't, now.
   */
  renew?(
    bans: readonly HostBan[],
    begin: (bans: readonly HostBan[]) => void,
    signal: AbortSignal,
  ): Promise<number>;
  /**
   * Lists what is in force.
   *
   * @returns `undefined` when nobody knows.
   * @throws {RuntimeError} when it can't be asked, now.
   */
  list(signal: AbortSignal): Promise<readonly ActiveBan[] | undefined>;
}

/** What became of a ban on this host. */
export interface ActionReceipt {
  /** The jail that decided, on the host that reported. */
  readonly jail: JailName;
  /** Whom it concerns. */
  readonly address: Address;
  /** {@link Enforcer.name}. */
  readonly action: string;
  /** `refused`: by protection or by the jail's `ignoreip`; `failed`: it is tried again. */
  readonly outcome: "applied" | "lifted" | "refused" | "failed";
  /** Why, or how; may be empty. */
  readonly detail: string;
  /** When, in steady time. */
  readonly atMs: number;
}

/** Is told what became of bans. Never throws, never waits. */
export interface ReceiptSink {
  /** Whether what can be told later should be. @default {true, always} */
  readonly hasRoom?: boolean;
  /** Takes a receipt; a failure comes once for each ban and reason, not at each try. */
  add(receipt: ActionReceipt): void;
}

/** Tells the cluster's bans on this host from the host's own. */
export interface EchoOracle {
  /**
   * Whether a `Ban` or `Unban` line of this host's fail2ban is the cluster's
   * own doing.
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
  /**
   * The jails, as other nodes reported them, of a ban that the subscriber has in
   * a jail of this host. @default {none}
   */
  reportedJails?(jail: JailName, address: Address): readonly JailName[];
}
