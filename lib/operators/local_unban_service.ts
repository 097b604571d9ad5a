/**
 * Asks the nodes that reported an address to unban it in their own fail2ban.
 *
 * @module
 */

import type { Ban, BanKey } from "../ban/ban.ts";
import { pastBans } from "../ban/ban_past.ts";
import type { BanStore } from "../ban/ban_store.ts";
import type { Address } from "../base/address.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import { isNodeOrigin } from "../base/operator_name.ts";
import { wordsOf } from "../wire/operator_bans.ts";
import {
  type LocalOutcome,
  type LocalUnban,
  MAX_NAMED,
  type SteeredReport,
} from "../wire/operator_steering.ts";

/** A node's answer. */
export interface LocalAnswer {
  readonly outcome: LocalOutcome;
  readonly detail: string;
}

/** Asks a node, and waits at most `waitMs` for its answer. */
export type AskNodeToUnban = (
  node: HostName,
  key: BanKey,
  waitMs: number,
  signal: AbortSignal,
) => Promise<LocalAnswer>;

/** Options for {@link LocalUnbanService}. */
export interface LocalUnbanServiceOptions {
  readonly store: Pick<BanStore, "history" | "jailsOf">;
  readonly askNode: AskNodeToUnban;
  /** Longest wait for an answer, in milliseconds. */
  readonly waitMs: number;
  /** Time by the table's clock. */
  readonly nowMs: () => number;
}

/** Maximum number of an address's changes to read in each jail. */
const MAX_CHANGES = 300;
/** Maximum number of jails whose history is read. */
const MAX_JAILS = 20;

/** Asks the nodes that reported an address. */
export class LocalUnbanService {
  readonly #options: LocalUnbanServiceOptions;

  /** @param options See {@link LocalUnbanServiceOptions}. */
  constructor(options: LocalUnbanServiceOptions) {
    this.#options = options;
  }

  /**
   * The reports of an address that an operator has lifted since: the nodes' own
   * fail2ban may still have it.
   *
   * @throws {RuntimeError} when the store can't be read.
   */
  liftedBefore(address: Address): readonly SteeredReport[] {
    const { store, nowMs } = this.#options;
    const reports = store.jailsOf(address).slice(0, MAX_JAILS).flatMap(
      (jail) => {
        const changes = store.history({ jail, address }, MAX_CHANGES);
        const last = pastBans(changes, nowMs()).at(-1);
        if (last?.end !== "lift") return [];
        return last.origins.map((node) => ({ node, jail }));
      },
    );
    return distinct(reports);
  }

  /**
   * Asks each node that reported the address. Of too many answers it returns
   * the first, with failed and missing ones before the others.
   *
   * @param address The address to unban in the reported jails.
   * @param reports The nodes and their jails.
   * @param signal Ends the wait.
   * @throws the signal's reason on abort.
   */
  async ask(
    address: Address,
    reports: readonly SteeredReport[],
    signal: AbortSignal,
  ): Promise<readonly LocalUnban[]> {
    const { askNode, waitMs } = this.#options;
    const answers = await Promise.all(
      distinct(reports).map(async ({ node, jail }) => {
        const { outcome, detail } = await askNode(
          node,
          { jail, address },
          waitMs,
          signal,
        );
        return { node, jail, outcome, detail: wordsOf(detail) };
      }),
    );
    if (answers.length <= MAX_NAMED) return answers;
    // When there are too many, first those that an operator must act on.
    return [...answers.filter(isLeft), ...answers.filter(isDone)]
      .slice(0, MAX_NAMED);
  }
}

/** The reports of bans. */
export function reportsOf(bans: readonly Ban[]): readonly SteeredReport[] {
  return bans.flatMap(({ jail, reports }) =>
    reports.map(({ origin: node }) => ({ node, jail }))
  );
}

/** Whether the node's fail2ban no longer has the ban. */
function isDone({ outcome }: LocalUnban): boolean {
  return outcome === "lifted" || outcome === "absent";
}

function isLeft(answer: LocalUnban): boolean {
  return !isDone(answer);
}

/**
 * Removes duplicates, and reports of other origins than nodes: these have no
 * fail2ban.
 */
function distinct(
  reports: readonly SteeredReport[],
): readonly SteeredReport[] {
  const found = new Map<string, SteeredReport>();
  for (const report of reports) {
    const { node, jail } = report;
    if (!isNodeOrigin(node)) continue;
    found.set(`${canonicalHost(node)}|${jail}`, report);
  }
  return [...found.values()];
}
