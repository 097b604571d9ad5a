/**
 * Has the fail2bans unban that reported an address themselves.
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

/** What a node answers. */
export interface LocalAnswer {
  readonly outcome: LocalOutcome;
  readonly detail: string;
}

/** Asks a node, and waits for its answer so long. */
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
  /** By the table's clock. */
  readonly nowMs: () => number;
}

/** Changes of an address that are looked at, in each jail. */
const MAX_CHANGES = 300;
/** Jails in which the past of an address is looked at. */
const MAX_JAILS = 20;

/** Asks the nodes that reported an address. */
export class LocalUnbanService {
  readonly #options: LocalUnbanServiceOptions;

  /** @param options See {@link LocalUnbanServiceOptions}. */
  constructor(options: LocalUnbanServiceOptions) {
    this.#options = options;
  }

  /**
   * Who reported an address that an operator lifted since: their own fail2ban
   * may have it still.
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
   * Asks each node that reported. Of many answers the first are told: those
   * that are none, or that it could not be done, before the others.
   *
   * @param address What its fail2ban is to unban, in the jail that it reported.
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
    // Of more than can be told, those of which a person has to know.
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

/** Whether its fail2ban has the ban no more. */
function isDone({ outcome }: LocalUnban): boolean {
  return outcome === "lifted" || outcome === "absent";
}

function isLeft(answer: LocalUnban): boolean {
  return !isDone(answer);
}

/** Each once, without those of no node: they have no fail2ban. */
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
