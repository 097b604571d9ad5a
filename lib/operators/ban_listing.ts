/**
 * Lists bans for an operator: page by page, without delaying anything else.
 *
 * Copies only one page, and the bans of a sorted answer, whose number is
 * limited. The table changes meanwhile: a ban that exists throughout is listed
 * once; one that begins or ends meanwhile may be missing.
 *
 * @module
 */

import { wholeMs } from "../wire/wire_times.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import type { Ban } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import {
  type BanFilter,
  type BanSort,
  MAX_LINE_BANS,
  type OperatorBan,
  type OperatorReport,
} from "../wire/operator_bans.ts";
import type { OperatorAnswer } from "../wire/operator_messages.ts";
import { banMatcher, FirstBans } from "./ban_match.ts";
import { EnforcementView, type EnforcingNodes } from "./enforcement_view.ts";

/** Options for {@link BanListing}. */
export interface BanListingOptions {
  readonly hub: Pick<BanHub, "table">;
  readonly store: Pick<BanStore, "receipts">;
  readonly nodes: EnforcingNodes;
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly turns: SharedTurns;
}

/** A request for a list. */
export interface ListQuestion {
  readonly filter: BanFilter;
  /** `null` for the table's order. */
  readonly sort: BanSort | null;
  /** `null` for all of them. */
  readonly limit: number | null;
}

/** Maximum number of reports in a page: one turn makes a whole page. */
const MAX_PAGE_REPORTS = 400;

/** Bans between two clock readings: reading costs more than skipping a ban. */
const CLOCK_STEPS = 16;

/** Lists bans. */
export class BanListing {
  readonly #options: BanListingOptions;

  /** @param options See {@link BanListingOptions}. */
  constructor(options: BanListingOptions) {
    this.#options = options;
  }

  /**
   * Lists the requested bans.
   *
   * @param question Which bans, how many, in which order; a sort needs a limit.
   * @param signal Ends it.
   * @returns Pages, and finally the number of matching bans.
   */
  async *list(
    question: ListQuestion,
    signal: AbortSignal,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const { store, nodes, hub: { table } } = this.#options;
    const view = new EnforcementView(store, nodes);
    const isAsked = this.#matcher(question.filter, view);
    const { sort, limit } = question;
    const first = sort === null || limit === null
      ? undefined
      : new FirstBans(sort, limit);
    let matched = 0;
    // A sorted answer starts after all bans were seen.
    yield* this.#lines(table.bans(), signal, (ban) => {
      if (!isAsked(ban)) return undefined;
      matched++;
      first?.add(ban);
      const isShown = first === undefined && matched <= (limit ?? Infinity);
      return isShown ? this.#shown(ban, view) : undefined;
    });
    const sorted = first?.take() ?? [];
    yield* this.#lines(sorted, signal, (ban) => this.#shown(ban, view));
    yield { kind: "listed", matched };
  }

  #matcher(filter: BanFilter, view: EnforcementView): (ban: Ban) => boolean {
    const { sinceMs, notEnforced } = filter;
    const matches = banMatcher({
      ...filter,
      sinceMs: sinceMs === null ? null : sinceMs - this.#options.aheadMs(),
    });
    return (ban) => matches(ban) && (!notEnforced || lacks(view, ban));
  }

  #shown(ban: Ban, view: EnforcementView): OperatorBan {
    return operatorBan(ban, view, this.#options.aheadMs());
  }

  /** Pages of the bans to show, one page a turn. */
  async *#lines(
    bans: Iterable<Ban>,
    signal: AbortSignal,
    show: (ban: Ban) => OperatorBan | undefined,
  ): AsyncGenerator<OperatorAnswer, void, undefined> {
    const passing = bans[Symbol.iterator]();
    let isDone = false;
    while (!isDone) {
      const page = await this.#options.turns.take(signal, (isOver) => {
        const page: OperatorBan[] = [];
        let [reports, steps] = [0, 0];
        while (
          page.length < MAX_LINE_BANS && reports < MAX_PAGE_REPORTS
        ) {
          const next = passing.next();
          isDone = next.done === true;
          if (next.done === true) break;
          const shown = show(next.value);
          if (shown !== undefined) page.push(shown);
          reports += shown?.reports.length ?? 0;
          if (++steps % CLOCK_STEPS === 0 && isOver()) break;
        }
        return page;
      });
      if (page.length > 0) yield { kind: "bans", bans: page };
    }
  }
}

/**
 * Converts a ban to its form for operators.
 *
 * @param aheadMs How far the system's clock is ahead of the ban's.
 */
export function operatorBan(
  ban: Ban,
  view: EnforcementView,
  aheadMs: number,
): OperatorBan {
  const { address, jail, reports, isPending, seq } = ban;
  return {
    address,
    jail,
    reports: reports.map((report): OperatorReport => ({
      node: report.origin,
      firstMs: Math.round(report.firstMs + aheadMs),
      lastMs: Math.round(report.lastMs + aheadMs),
      endsMs: wholeMs(report.expiresMs + aheadMs),
    })),
    isPending,
    change: seq,
    ...view.count(ban),
  };
}

function lacks(view: EnforcementView, ban: Ban): boolean {
  const { enforced, expected } = view.count(ban);
  return enforced < expected;
}
