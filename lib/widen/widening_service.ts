/**
 * Bans the networks that have enough banned addresses, and takes them back.
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
  /** Decides, keeps and has the bans that stand. */
  readonly hub: Pick<BanHub, "submit" | "table">;
  /** Knows who took a network back. */
  readonly store: Pick<BanStore, "history">;
  /** That of the table. */
  readonly clock: Clock;
  /** Receives log records. */
  readonly log: Log;
  /** When a network is banned for its addresses. */
  readonly wideningOf: WideningOf;
  /** Which networks are never banned. */
  readonly protection: CurrentPolicy;
}

/** Why a network is banned. */
export interface WidenedNetwork {
  /** Number of different addresses that it took. */
  readonly after: number;
  /** Number of those that are banned now. */
  readonly members: number;
  /** Some of them. */
  readonly some: readonly Address[];
}

/** Networks that are looked at in one step at most. */
const AT_ONCE = 500;
/** Pause before what could not be stored is tried again, in milliseconds. */
const RETRY_MS = 1_000;
/** An end that moved by less is the same: it comes from two clock readings. */
const SAME_END_MS = 1_000;
/** Addresses of a network that are named. */
const MAX_NAMED = 5;
const FULL = "as many networks stand as maxbans allows";

/**
 * Keeps the bans of networks as the rules want them. They are stored like all
 * others; at the start they are compared with what stands.
 */
export class WideningService {
  readonly #options: WideningServiceOptions;
  readonly #members: NetworkMembers;
  readonly #troubleLog: TroubleLog;
  /** Networks to be looked at. */
  readonly #due = new NetworkMarks();
  /** Networks of which only the end may have moved: once a second is enough. */
  readonly #moved = new NetworkMarks();
  /** Networks that would be banned if nobody in them were protected. */
  readonly #refused = new NetworkMarks();
  /** By which all that stands was judged. */
  #policy: ProtectionPolicy;

  /**
   * Makes one; it bans once it runs.
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
    // Where nothing was widened only what may be is looked at: that may be little of much.
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

  /** Why a network is banned; `undefined`: it is not, or not for that. */
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

  /** Hears of changes that are kept. */
  note(kept: readonly KeptChange[]): void {
    for (const each of kept) {
      const { change, madeMs } = each;
      this.#consider(
        each,
        change.kind === "report" ? madeMs ?? change.atMs : undefined,
      );
    }
  }

  /** Hears of what is over. */
  noteExpired(steps: readonly BanStep[]): void {
    for (const step of steps) this.#consider(step, undefined);
  }

  /** Lets time pass: ends that moved are looked at, and all if others are protected. */
  tick(): void {
    const policy = this.#options.protection();
    if (policy !== this.#policy) this.#judgeAgain(policy);
    for (const mark of this.#moved.take(Infinity)) {
      this.#due.add({ ...mark, hasWaited: true });
    }
  }

  /**
   * Bans networks and takes them back until aborted.
   *
   * @param signal Ends it; the promise then rejects with its reason.
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

  /** Most networks have few banned addresses: nothing is to be done there. */
  #consider(step: BanStep, detectedMs: number | undefined): void {
    const address = this.#members.apply(step);
    const jail = (step.after ?? step.before)?.jail;
    if (address === undefined || jail === undefined) return;
    const network = { jail, address };
    const isOfInterest = this.#earnedMs(network) !== undefined ||
      this.#options.hub.table.find(network) !== undefined;
    if (isOfInterest) this.#due.add({ network, detectedMs });
  }

  /** @returns Whether it is stored; otherwise it is to be tried again. */
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

  /** What makes a network's ban as it should be; `undefined`: it is. */
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
      // Once nobody in it is protected, it is looked at again.
      this.#refused.add({
        network,
        detectedMs: detectedMs ?? standing?.firstMs,
      });
      // Whatever the allowlist covers is lifted for it.
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

  /** An end that moves all the time is told once a second. */
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

  /** Until when enough of its addresses are banned; `undefined`: they are not. */
  #earnedMs(network: BanKey): number | undefined {
    const { jail, address } = network;
    const widening = this.#options.wideningOf(jail, isIpv4Address(address));
    return widening && this.#members.endMs(network, widening.after);
  }

  /** What somebody took back stays so until an address of it is detected. */
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
  // Two that never end are the same.
  return leftMs !== rightMs && !(Math.abs(leftMs - rightMs) < SAME_END_MS);
}
