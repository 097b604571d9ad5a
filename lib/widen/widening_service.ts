/**
 * Bans networks that have enough banned addresses, and withdraws these bans.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { BanKey, BanReport } from "../ban/ban.ts";
import { type BanHub, BusyError, type KeptChange } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { HubRequest, HubVerdict } from "../ban/decision_batch.ts";
import { type Address, isIpv4Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import type { JailName } from "../base/jail_name.ts";
import { WIDENED_ORIGIN } from "../base/operator_name.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  refusal,
} from "../protection/protection_policy.ts";
import { type Mark, NetworkMarks } from "./network_marks.ts";
import { NetworkMembers } from "./network_members.ts";
import type { WideningOf } from "./widen_rules.ts";

/** Options for {@link WideningService}. */
export interface WideningServiceOptions {
  /** Decides on bans, stores them, and has the table. */
  readonly hub: Pick<BanHub, "submit" | "table">;
  /** Knows who lifted a network's ban. */
  readonly store: Pick<BanStore, "history">;
  /** The table's clock. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** When a network is banned because of its addresses. */
  readonly wideningOf: WideningOf;
  /** Which networks are never banned. */
  readonly protection: CurrentPolicy;
}

/** Why a network is banned. */
export interface WidenedNetwork {
  /** Number of different addresses required. */
  readonly after: number;
  /** Number of its addresses that are banned now. */
  readonly members: number;
  /** Some of these addresses. */
  readonly some: readonly Address[];
}

/** Most networks checked in one step. */
const AT_ONCE = 500;
/** Pause before a retry after a storage failure, in milliseconds. */
const RETRY_MS = 1_000;
/** Smaller changes of an end do not count: it comes from two clock readings. */
const SAME_END_MS = 1_000;
/** Most addresses of a network in an explanation. */
const MAX_NAMED = 5;
const FULL = "as many networks stand as maxbans allows";

/**
 * Keeps the bans of networks in line with the rules. They are stored like all
 * others; a start compares them with the current bans.
 */
export class WideningService {
  readonly #options: WideningServiceOptions;
  readonly #members: NetworkMembers;
  readonly #troubleLog: TroubleLog;
  /** Networks to check. */
  readonly #due = new NetworkMarks();
  /** Networks with only a changed end: a check per second is enough. */
  readonly #moved = new NetworkMarks();
  /** Networks that would be banned if they had no protected address. */
  readonly #refused = new NetworkMarks();
  /** The policy by which all current bans were checked. */
  #policy: ProtectionPolicy;

  /**
   * Creates the service; it bans when it runs.
   *
   * @param options See {@link WideningServiceOptions}.
   */
  constructor(options: WideningServiceOptions) {
    this.#options = options;
    const { hub: { table }, clock, log, wideningOf, protection } = options;
    this.#policy = protection();
    this.#members = new NetworkMembers(wideningOf);
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "networks can't be banned, or taken back",
      over: "networks are banned and taken back again",
    });
    // If nothing is widened yet, only jails with a rule matter: often few.
    const isMeant = table.reportsOf(WIDENED_ORIGIN) > 0
      ? undefined
      : (jail: JailName, isIpv4: boolean) =>
        wideningOf(jail, isIpv4) !== undefined;
    for (const ban of table.bans(isMeant)) {
      const network = this.#members.apply({ before: undefined, after: ban });
      const { jail, reports } = ban;
      if (network !== undefined) {
        const detectedMs = Math.max(...reports.map(({ firstMs }) => firstMs));
        this.#due.add({ network: { jail, address: network }, detectedMs });
      }
      if (reports.some(isWidened)) {
        this.#due.add({ network: ban, detectedMs: undefined });
      }
    }
  }

  /** Why a network is banned; `undefined`: it is not, or for another reason. */
  explain(network: BanKey): WidenedNetwork | undefined {
    const { hub: { table }, wideningOf } = this.#options;
    const { jail, address } = network;
    const widening = wideningOf(jail, isIpv4Address(address));
    const isThere = table.find(network)?.reports.some(isWidened) ?? false;
    if (widening === undefined || !isThere) return undefined;
    const some: Address[] = [];
    for (const each of this.#members.of(network)) {
      if (some.length >= MAX_NAMED) break;
      some.push(each);
    }
    const members = this.#members.count(network);
    return { after: widening.after, members, some };
  }

  /** Handles stored changes. */
  note(kept: readonly KeptChange[]): void {
    for (const each of kept) {
      const { change, madeMs } = each;
      this.#consider(
        each,
        change.kind === "report" ? madeMs ?? change.atMs : undefined,
      );
    }
  }

  /** Handles expired bans. */
  noteExpired(steps: readonly BanStep[]): void {
    for (const step of steps) this.#consider(step, undefined);
  }

  /** Checks networks with changed ends; all of them after a new policy. */
  tick(): void {
    const policy = this.#options.protection();
    if (policy !== this.#policy) this.#judgeAgain(policy);
    for (const mark of this.#moved.take(Infinity)) {
      this.#due.add({ ...mark, hasWaited: true });
    }
  }

  /**
   * Bans networks and withdraws bans until aborted.
   *
   * @param signal Stops it; the promise then rejects with its reason.
   */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    try {
      while (true) {
        await this.#due.wait(signal);
        if (!await this.#settle()) await clock.delay(RETRY_MS, signal);
        else if (this.#due.size > 0) await clock.delay(0, signal);
      }
    } finally {
      this.#troubleLog.flush();
    }
  }

  #judgeAgain(policy: ProtectionPolicy): void {
    this.#policy = policy;
    for (const mark of this.#refused.take(Infinity)) this.#due.add(mark);
    if (this.#options.hub.table.reportsOf(WIDENED_ORIGIN) === 0) return;
    for (const ban of this.#options.hub.table.bans()) {
      if (!ban.reports.some(isWidened)) continue;
      this.#due.add({ network: ban, detectedMs: undefined });
    }
  }

  /** Ignores most changes: most networks have too few banned addresses. */
  #consider(step: BanStep, detectedMs: number | undefined): void {
    const address = this.#members.apply(step);
    const jail = (step.after ?? step.before)?.jail;
    if (address === undefined || jail === undefined) return;
    const network = { jail, address };
    const isOfInterest = this.#earnedMs(network) !== undefined ||
      this.#options.hub.table.find(network) !== undefined;
    if (isOfInterest) this.#due.add({ network, detectedMs });
  }

  /** @returns Whether the bans are stored; otherwise it must be retried. */
  async #settle(): Promise<boolean> {
    const marks = this.#due.take(AT_ONCE);
    const requests = marks.flatMap((mark) => this.#request(mark) ?? []);
    if (requests.length === 0) return true;
    try {
      this.#noteVerdicts(await this.#options.hub.submit(requests));
      return true;
    } catch (error) {
      if (!(error instanceof BusyError || error instanceof RuntimeError)) {
        throw error;
      }
      for (const mark of marks) this.#due.add(mark);
      this.#troubleLog.report(error.message);
      return false;
    }
  }

  #noteVerdicts(verdicts: readonly HubVerdict[]): void {
    const isFull = verdicts.some((verdict) =>
      verdict === "node-full" || verdict === "full"
    );
    if (isFull) this.#troubleLog.report(FULL);
    else this.#troubleLog.resolve();
  }

  /** The request that corrects a network's ban; `undefined`: it is correct. */
  #request(mark: Mark): HubRequest | undefined {
    const { hub: { table }, clock, protection } = this.#options;
    const { network } = mark;
    const nowMs = clock.nowMs();
    const standing = table.find(network)?.reports.find((report) =>
      isWidened(report) && report.expiresMs > nowMs
    );
    const before = this.#refused.takeOf(network);
    const endMs = this.#earnedMs(network);
    if (endMs === undefined || endMs <= nowMs) {
      return standing && withdrawalOf(network);
    }
    const detectedMs = mark.detectedMs ?? before?.detectedMs;
    const refused = refusal(network.address, protection());
    if (refused !== undefined) {
      // Checked again once no address in it is protected.
      this.#refused.add({
        network,
        detectedMs: detectedMs ?? standing?.firstMs,
      });
      // The allowlist itself lifts the bans that it covers.
      return refused.rule === "allowlist" || standing === undefined
        ? undefined
        : withdrawalOf(network);
    }
    return standing === undefined
      ? this.#beginning(network, endMs, detectedMs)
      : this.#renewal(mark, endMs, standing);
  }

  #beginning(
    network: BanKey,
    endMs: number,
    detectedMs: number | undefined,
  ): HubRequest | undefined {
    return detectedMs === undefined || this.#isTakenBack(network, detectedMs)
      ? undefined
      : reportOf(network, endMs, detectedMs);
  }

  /** Reports a moving end only once per second. */
  #renewal(
    mark: Mark,
    endMs: number,
    { expiresMs, firstMs }: BanReport,
  ): HubRequest | undefined {
    if (!hasMoved(expiresMs, endMs)) return undefined;
    if (mark.hasWaited) return reportOf(mark.network, endMs, firstMs);
    this.#moved.add(mark);
    return undefined;
  }

  /** Until when enough addresses are banned; `undefined`: there are too few. */
  #earnedMs(network: BanKey): number | undefined {
    const { jail, address } = network;
    const widening = this.#options.wideningOf(jail, isIpv4Address(address));
    return widening && this.#members.endMs(network, widening.after);
  }

  /** A lifted network stays lifted until a new detection in it. */
  #isTakenBack(network: BanKey, detectedMs: number): boolean {
    const [last] = this.#options.store.history(network, 1);
    return last?.kind === "lift" && detectedMs <= last.atMs;
  }
}

function withdrawalOf(network: BanKey): HubRequest {
  return { event: { kind: "withdraw", ...network, origin: WIDENED_ORIGIN } };
}

function reportOf(
  network: BanKey,
  expiresMs: number,
  madeMs: number,
): HubRequest {
  return {
    event: {
      ...{ kind: "report", ...network, origin: WIDENED_ORIGIN },
      ...{ expiresMs, madeMs, isExact: true },
    },
  };
}

function isWidened({ origin }: BanReport): boolean {
  return origin === WIDENED_ORIGIN;
}

function hasMoved(leftMs: number, rightMs: number): boolean {
  // Two infinite ends are equal.
  return leftMs !== rightMs && !(Math.abs(leftMs - rightMs) < SAME_END_MS);
}
