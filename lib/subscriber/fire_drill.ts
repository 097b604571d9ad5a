/**
 * A fire drill: each action of this host bans an address for a moment; the
 * drill checks that the ban is in force, and lifts it again.
 *
 * Only this host bans the address: the ban is in no copy and no table. So it
 * ends by itself if nothing lifts it, a start after a crash lifts it, and a ban
 * of the cluster for the same address stays.
 *
 * @module
 */

import type { SteadyClock } from "../async/steady_clock.ts";
import type { BanUpdate } from "../ban/ban_event.ts";
import type { Address } from "../base/address.ts";
import { RuntimeError } from "../base/errors.ts";
import {
  DRILL_JAIL,
  OPERATOR_JAIL,
  OPERATOR_ORIGIN,
} from "../base/operator_name.ts";
import { placeOfReport, type Receiver } from "../choice/receiver_choice.ts";
import type { DrillHere } from "../client/node_orders.ts";
import type { BanAction } from "../enforce/enforcer.ts";
import type { Log } from "../log/log.ts";
import { plainText } from "../wire/v2.ts";
import type {
  DrilledAction,
  DrillOutcome,
  DrillWord,
} from "../wire/v2_probes.ts";
import type { DrillReceipts } from "./drill_receipts.ts";

/**
 * Checks at the enforcer whether a ban of an address is in force.
 *
 * @throws {RuntimeError} when it can't ask the enforcer now.
 */
export type LookFor = (
  address: Address,
  signal: AbortSignal,
) => Promise<boolean>;

/** An action, and the check of its enforcer; `undefined`: it has none. */
export interface DrilledTarget {
  readonly action: BanAction;
  readonly look: LookFor | undefined;
}

/** Options for {@link FireDrill}. */
export interface FireDrillOptions {
  /** The actions that keep bans in force. */
  readonly targets: readonly DrilledTarget[];
  /** The reason to report when there are no targets. */
  readonly noTargets: string;
  /** Receives the actions' receipts. */
  readonly receipts: DrillReceipts;
  /** The process's one steady clock. */
  readonly clock: SteadyClock;
  readonly log: Log;
}

type Order = Parameters<DrillHere>[0];

/** Time from the planned lift to the ban's own end, in milliseconds. */
const SLACK_MS = 5_000;
/** Longest time for an action to ban or to lift. */
const ACT_WAIT_MS = 8_000;

/** Runs fire drills, one at a time. */
export class FireDrill {
  readonly #options: FireDrillOptions;
  #isUnderWay = false;

  /** @param options See {@link FireDrillOptions}. */
  constructor(options: FireDrillOptions) {
    this.#options = options;
  }

  /** Runs one drill. However it ends, its ban is lifted. */
  readonly run: DrillHere = async (order, signal) => {
    const { targets, noTargets, log } = this.#options;
    if (targets.length === 0) return nothing(noTargets);
    if (this.#isUnderWay) return nothing("a drill is under way");
    this.#isUnderWay = true;
    const { address } = order;
    log.record("notice", "an operator has this host ban for a moment", {
      address,
      seconds: order.holdMs / 1_000,
    });
    try {
      const drills = targets.map((target) =>
        this.#drill(target, order, signal)
      );
      const results = await Promise.allSettled(drills);
      const actions = results.map((result) => {
        if (result.status === "rejected") throw result.reason;
        return result.value;
      });
      return { actions, detail: "" };
    } finally {
      this.#isUnderWay = false;
    }
  };

  async #drill(
    { action, look }: DrilledTarget,
    order: Order,
    signal: AbortSignal,
  ): Promise<DrilledAction> {
    const isSeen = look !== undefined;
    const { name } = action;
    const said = (outcome: DrillOutcome, detail = "", tookMs = 0) => ({
      ...{ name, outcome, isSeen, detail: plainText(detail) },
      tookMs: Math.round(tookMs),
    });
    try {
      if (await look?.(order.address, signal) === true) {
        return said("standing");
      }
      const held = await this.#hold({ action, look }, order, signal);
      const { outcome, detail, tookMs } = held;
      if (outcome === "refused") return said(outcome, detail);
      const left = await this.#leftOver({ action, look }, order, signal);
      // The first failure is reported, unless a ban is left behind.
      if (left !== undefined) return said("left", left, tookMs);
      return said(outcome, detail, tookMs);
    } catch (error) {
      if (!(error instanceof RuntimeError)) throw error;
      return said("failed", error.message);
    }
  }

  /** Bans, checks, and lifts after the hold time. */
  async #hold(
    { action, look }: DrilledTarget,
    { address, holdMs }: Order,
    signal: AbortSignal,
  ): Promise<Pick<DrilledAction, "outcome" | "detail" | "tookMs">> {
    const { clock, receipts } = this.#options;
    const ban = { origin: OPERATOR_ORIGIN, jail: DRILL_JAIL, address } as const;
    const until = clock.nowMs() + holdMs + SLACK_MS;
    const beganMs = clock.monotonicMs();
    receipts.forget(action.name);
    await action.act([{ kind: "ban", ...ban, expiresMs: until }], signal);
    try {
      const wait = { clock, waitMs: ACT_WAIT_MS };
      const { name } = action;
      const receipt = await receipts.outcome(name, "applied", wait, signal);
      if (receipt?.outcome !== "applied") return notHeld(receipt);
      const tookMs = clock.monotonicMs() - beganMs;
      const isThere = await look?.(address, signal) ?? true;
      await clock.delay(holdMs, signal);
      return isThere
        ? { outcome: "restored", detail: "", tookMs }
        : { outcome: "unseen", detail: "", tookMs };
    } finally {
      receipts.forget(action.name);
      const lift: BanUpdate = { kind: "unban", ...ban };
      await action.act([lift], signal);
    }
  }

  /** Checks that the ban is gone. @returns What is left of it. */
  async #leftOver(
    { action, look }: DrilledTarget,
    { address }: Order,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { clock, receipts } = this.#options;
    const wait = { clock, waitMs: ACT_WAIT_MS };
    const receipt = await receipts.outcome(
      action.name,
      "lifted",
      wait,
      signal,
    );
    if (look !== undefined) {
      return await look(address, signal)
        ? receipt?.detail || "it is in force still"
        : undefined;
    }
    return receipt?.outcome === "failed" ? receipt.detail : undefined;
  }
}

/** Why a host does not act on operators' bans; `undefined`: it does. */
export function drillObjection(receiver: Receiver): string | undefined {
  switch (placeOfReport(receiver, OPERATOR_JAIL, OPERATOR_ORIGIN)) {
    case "taken":
      return undefined;
    case "observed":
      return "what operators ban is only observed here";
    case "left-out":
    case "own":
      return "what operators ban is left out here";
  }
}

function notHeld(
  receipt: { readonly outcome: string; readonly detail: string } | undefined,
): Pick<DrilledAction, "outcome" | "detail" | "tookMs"> {
  if (receipt === undefined) {
    const detail = `nothing was done within ${ACT_WAIT_MS / 1_000} s`;
    return { outcome: "failed", detail, tookMs: 0 };
  }
  const { detail } = receipt;
  return receipt.outcome === "refused"
    ? { outcome: "refused", detail, tookMs: 0 }
    : { outcome: "failed", detail, tookMs: 0 };
}

function nothing(detail: string): DrillWord {
  return { actions: [], detail };
}
