/**
 * Bans the networks that have enough banned addresses, and takes them back.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import { Condition } from "../async/tasks.ts";
import type { BanKey, BanReport } from "../ban/ban.ts";
import { keyOf } from "../ban/ban.ts";
import { type BanHub, BusyError, type KeptChange } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { BanStep } from "../ban/ban_table.ts";
import type { HubRequest, HubVerdict } from "../ban/decision_batch.ts";
import { type Address, isIpv4Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import { WIDENED_ORIGIN } from "../base/operator_name.ts";
import type { Log } from "../log/log.ts";
import { TroubleLog } from "../log/trouble_log.ts";
import {
  type CurrentPolicy,
  refusal,
} from "../protection/protection_policy.ts";
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

/** A network of which something changed. */
interface Mark {
  readonly network: BanKey;
  /** When an address of it was detected; `undefined`: none was. */
  readonly detectedMs: number | undefined;
  /** Whether it waited until its end may be told again. */
  readonly hasWaited: boolean;
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
  readonly #changed = new Condition();
  /** Networks to be looked at. */
  readonly #due = new Map<string, Mark>();
  /** Networks of which only the end may have moved: once a second is enough. */
  readonly #moved = new Map<string, Mark>();

  /**
   * Makes one; it bans once it runs.
   *
   * @param options See {@link WideningServiceOptions}.
   */
  constructor(options: WideningServiceOptions) {
    this.#options = options;
    const { hub: { table }, clock, log, wideningOf } = options;
    this.#members = new NetworkMembers(wideningOf);
    this.#troubleLog = new TroubleLog({
      log,
      clock,
      trouble: "networks can't be banned, or taken back",
      over: "networks are banned and taken back again",
    });
    for (const ban of table.bans()) {
      const network = this.#members.apply({ before: undefined, after: ban });
      const { jail, reports } = ban;
      if (network !== undefined) {
        const detectedMs = Math.max(...reports.map(({ firstMs }) => firstMs));
        this.#mark({ network: { jail, address: network }, detectedMs });
      }
      if (reports.some(isWidened)) {
        this.#mark({ network: ban, detectedMs: undefined });
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

  /** Lets time pass: ends that moved are looked at. */
  tick(): void {
    for (const mark of this.#moved.values()) {
      this.#mark({ ...mark, hasWaited: true });
    }
    this.#moved.clear();
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
        while (this.#due.size === 0) await this.#changed.wait(signal);
        if (!await this.#settle()) await clock.delay(RETRY_MS, signal);
        else if (this.#due.size > 0) await clock.delay(0, signal);
      }
    } finally {
      this.#troubleLog.flush();
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
    if (isOfInterest) this.#mark({ network, detectedMs });
  }

  #mark(
    { network, detectedMs, hasWaited = false }:
      & Omit<Mark, "hasWaited">
      & Partial<Mark>,
  ): void {
    const { jail, address } = network;
    const key = keyOf(network);
    const known = this.#due.get(key);
    const latestMs = Math.max(
      known?.detectedMs ?? -Infinity,
      detectedMs ?? -Infinity,
    );
    this.#due.set(key, {
      network: { jail, address },
      detectedMs: latestMs === -Infinity ? undefined : latestMs,
      hasWaited: hasWaited || known?.hasWaited === true,
    });
    this.#changed.notify();
  }

  /** @returns Whether it is stored; otherwise it is to be tried again. */
  async #settle(): Promise<boolean> {
    const marks = [...this.#due.values()].slice(0, AT_ONCE);
    const requests: HubRequest[] = [];
    for (const mark of marks) {
      this.#due.delete(keyOf(mark.network));
      const request = this.#request(mark);
      if (request !== undefined) requests.push(request);
    }
    if (requests.length === 0) return true;
    try {
      this.#noteVerdicts(await this.#options.hub.submit(requests));
      return true;
    } catch (error) {
      if (!(error instanceof BusyError || error instanceof RuntimeError)) {
        throw error;
      }
      for (const mark of marks) this.#mark(mark);
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
    const { hub: { table }, clock } = this.#options;
    const { network, detectedMs, hasWaited } = mark;
    const nowMs = clock.nowMs();
    const standing = table.find(network)?.reports.find((report) =>
      isWidened(report) && report.expiresMs > nowMs
    );
    const endMs = this.#endMs(network);
    if (endMs === undefined || endMs <= nowMs) {
      return standing && {
        event: { kind: "withdraw", ...network, origin: WIDENED_ORIGIN },
      };
    }
    if (standing === undefined) {
      const begins = detectedMs !== undefined &&
        !this.#isTakenBack(network, detectedMs);
      return begins ? reportOf(network, endMs, detectedMs) : undefined;
    }
    if (!hasMoved(standing.expiresMs, endMs)) return undefined;
    if (hasWaited) return reportOf(network, endMs, standing.firstMs);
    this.#moved.set(keyOf(network), mark);
    return undefined;
  }

  /** Until when a network is to be banned; `undefined`: it is not. */
  #endMs(network: BanKey): number | undefined {
    const endMs = this.#earnedMs(network);
    return endMs === undefined ||
        refusal(network.address, this.#options.protection()) !== undefined
      ? undefined
      : endMs;
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
