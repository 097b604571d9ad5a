/**
 * Who has a ban in force: what nodes said, held against who should have it.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName } from "../base/host_name.ts";
import {
  type EnforcementDetail,
  MAX_MISSING,
  type NodeEnforcement,
} from "../wire/operator_bans.ts";

/** Who should have bans in force. */
export interface EnforcingNodes {
  /** Nodes that have a subscriber which acts, by name. */
  enforcing(): readonly HostName[];
  /** Those of them that gave no sign of life lately. */
  silent(): readonly HostName[];
}

/** How a ban stands at the nodes that should have it in force. */
export interface EnforcementCount {
  readonly enforced: number;
  readonly expected: number;
  /** What those say that have it not, the first of them. */
  readonly missing: readonly EnforcementDetail[];
}

/** Named as the action of a node that reported a ban itself. */
const OWN_ACTION = "fail2ban";

/** What counts where a node has several actions: the worst of them. */
const WORST_FIRST: readonly NodeEnforcement[] = [
  "failed",
  "refused",
  "lifted",
  "unknown",
  "applied",
];

/** Knows who has a ban in force, of the nodes of one moment. */
export class EnforcementView {
  readonly #store: Pick<BanStore, "receipts">;
  readonly #nodes: ReadonlyMap<HostName, HostName>;

  /**
   * @param store Has the receipts.
   * @param nodes Who should have bans in force.
   */
  constructor(
    store: Pick<BanStore, "receipts">,
    { enforcing }: EnforcingNodes,
  ) {
    this.#store = store;
    this.#nodes = new Map(
      enforcing().map((node) => [canonicalHost(node), node]),
    );
  }

  /** How many nodes should have bans in force. */
  get size(): number {
    return this.#nodes.size;
  }

  /** How a ban stands. One that waits for its quorum is expected nowhere. */
  count(ban: Ban): EnforcementCount {
    if (ban.isPending || this.#nodes.size === 0) {
      return { enforced: 0, expected: 0, missing: [] };
    }
    const worst = new Map<HostName, EnforcementDetail>();
    for (const receipt of this.#store.receipts(ban)) {
      const node = canonicalHost(receipt.node);
      if (!this.#nodes.has(node)) continue;
      const detail = detailOf(receipt);
      const known = worst.get(node);
      if (known === undefined || isWorse(detail, known)) {
        worst.set(node, detail);
      }
    }
    for (const { origin } of ban.reports) {
      const node = canonicalHost(origin);
      if (!worst.has(node)) worst.set(node, ownAt(origin));
    }
    return this.#countOf(worst);
  }

  /**
   * What every node said of a ban, also those that are away and those that
   * reported it; and those that should have said something.
   */
  details(ban: Ban): readonly EnforcementDetail[] {
    const said = this.#store.receipts(ban).map(detailOf);
    const known = new Set(said.map(({ node }) => canonicalHost(node)));
    const own = ban.reports.filter(({ origin }) =>
      !known.has(canonicalHost(origin)) &&
      this.#nodes.has(canonicalHost(origin))
    ).map(({ origin }) => ownAt(origin));
    for (const { node } of own) known.add(canonicalHost(node));
    const silent = [...this.#nodes].flatMap(([name, node]) =>
      known.has(name) ? [] : [unknownAt(node)]
    );
    return [...said, ...own, ...silent];
  }

  #countOf(
    worst: ReadonlyMap<HostName, EnforcementDetail>,
  ): EnforcementCount {
    let enforced = 0;
    const missing: EnforcementDetail[] = [];
    for (const [name, node] of this.#nodes) {
      const detail = worst.get(name) ?? unknownAt(node);
      if (detail.state === "applied") enforced++;
      else if (missing.length < MAX_MISSING) missing.push(detail);
    }
    return { enforced, expected: this.#nodes.size, missing };
  }
}

function isWorse(one: EnforcementDetail, other: EnforcementDetail): boolean {
  return WORST_FIRST.indexOf(one.state) < WORST_FIRST.indexOf(other.state);
}

function detailOf(
  { node, action, outcome, detail }: StoredReceipt,
): EnforcementDetail {
  return { node, action, state: outcome, detail };
}

/** What a node reported its own fail2ban has in force: its subscriber does nothing. */
function ownAt(node: HostName): EnforcementDetail {
  return { node, action: OWN_ACTION, state: "applied", detail: "" };
}

function unknownAt(node: HostName): EnforcementDetail {
  return { node, action: "", state: "unknown", detail: "" };
}
