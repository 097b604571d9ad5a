/**
 * Which nodes have a ban in force: receipts compared with the nodes that should
 * have it.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { ChoiceJudge } from "../choice/choice_judge.ts";
import {
  type BanPlace,
  type ChosenBan,
  leftOutReason,
  observesSome,
  placeOfBan,
  type ReceiverChoice,
} from "../choice/receiver_choice.ts";
import {
  type EnforcementDetail,
  MAX_MISSING,
  type NodeEnforcement,
} from "../wire/operator_bans.ts";

/** A node with a subscriber that acts on bans. */
export interface EnforcingNode {
  readonly node: HostName;
  /** Its actions that enforce bans; empty until it reports them. */
  readonly actions: readonly string[];
  /** Whether it gave no sign of life recently. */
  readonly isSilent: boolean;
  /** The bans that it takes. */
  readonly choice: ReceiverChoice;
}

/** The nodes that should enforce bans. */
export interface EnforcingNodes {
  /** Each node once. */
  enforcing(): readonly EnforcingNode[];
}

/** The state of a ban at the nodes that should enforce it. */
export interface EnforcementCount {
  readonly enforced: number;
  readonly expected: number;
  /** Number of nodes that only observe it. */
  readonly observed: number;
  /** The first nodes that do not have it in force, with their reasons. */
  readonly missing: readonly EnforcementDetail[];
}

/** Action name for a node that reported the ban itself. */
const OWN_ACTION = "fail2ban";

/** For a node with several actions the worst state counts. */
const WORST_FIRST: readonly NodeEnforcement[] = [
  "failed",
  "refused",
  "lifted",
  "unknown",
  "applied",
];

/** Knows which nodes have a ban in force, for the nodes at one moment. */
export class EnforcementView {
  readonly #store: Pick<BanStore, "receipts">;
  readonly #nodes: ReadonlyMap<HostName, EnforcingNode>;
  readonly #judges: ReadonlyMap<HostName, ChoiceJudge>;

  /**
   * @param store Has the receipts.
   * @param nodes The nodes that should enforce bans.
   */
  constructor(
    store: Pick<BanStore, "receipts">,
    nodes: EnforcingNodes,
  ) {
    this.#store = store;
    this.#nodes = new Map(
      nodes.enforcing().map((each) => [canonicalHost(each.node), each]),
    );
    this.#judges = new Map(
      [...this.#nodes].map(([name, { node: hostName, choice }]) => [
        name,
        new ChoiceJudge({ hostName, choice }),
      ]),
    );
  }

  /** Number of nodes that enforce bans. */
  get size(): number {
    return [...this.#nodes.values()].filter(({ actions, choice }) =>
      actions.length > 0 || !observesSome(choice)
    ).length;
  }

  /** Number of nodes that observe some or all bans. */
  get observers(): number {
    return [...this.#nodes.values()].filter(({ choice }) =>
      observesSome(choice)
    ).length;
  }

  /** The nodes that enforce or observe bans. */
  get nodes(): Iterable<EnforcingNode> {
    return this.#nodes.values();
  }

  /** The nodes that should have a ban in force. */
  expectedFor(ban: ChosenBan): readonly EnforcingNode[] {
    return [...this.#nodes].flatMap(([name, node]) =>
      this.#placeAt(name, ban) === "taken" ? [node] : []
    );
  }

  /**
   * Counts the nodes of a ban. No node is expected to have a ban that waits for
   * its quorum.
   */
  count(ban: Ban): EnforcementCount {
    if (ban.isPending || this.#nodes.size === 0) {
      return { enforced: 0, expected: 0, observed: 0, missing: [] };
    }
    const words = this.#words(ban);
    let [enforced, expected, observed] = [0, 0, 0];
    const missing: EnforcementDetail[] = [];
    for (const [name, node] of this.#nodes) {
      const place = this.#placeAt(name, ban);
      if (place === "observed") observed++;
      if (place !== "taken") continue;
      expected++;
      const detail = worstOf(node, words.get(name));
      if (detail.state === "applied") enforced++;
      else if (missing.length < MAX_MISSING) missing.push(detail);
    }
    return { enforced, expected, observed, missing };
  }

  /**
   * Which actions have a ban in force, according to the receipts. Leaves out
   * the nodes that reported it: they have it in their own fail2ban.
   *
   * @returns Action names by canonical node name.
   */
  inForce(ban: Ban): ReadonlyMap<HostName, readonly string[]> {
    const found = new Map<HostName, readonly string[]>();
    if (ban.isPending) return found;
    for (const [name, { isOwn, details }] of this.#words(ban)) {
      const actions = details.filter(({ state }) => state === "applied")
        .map(({ action }) => action);
      if (!isOwn && actions.length > 0) found.set(name, actions);
    }
    return found;
  }

  /** Whether all actions of a node have a ban in force. */
  hasInForce({ node }: EnforcingNode, ban: Ban): boolean {
    const name = canonicalHost(node);
    const known = this.#nodes.get(name);
    return known !== undefined &&
      worstOf(known, this.#words(ban).get(name)).state === "applied";
  }

  /**
   * The state of a ban at every node: its receipts, also from nodes that are
   * away or reported it, and the nodes whose receipts are missing or that leave
   * it out.
   */
  details(ban: Ban): readonly EnforcementDetail[] {
    const words = this.#words(ban);
    const isExpected = (name: HostName) => {
      return !this.#nodes.has(name) || this.#placeAt(name, ban) === "taken";
    };
    const said = this.#store.receipts(ban).filter(({ node, action }) => {
      const known = this.#nodes.get(canonicalHost(node));
      return (known === undefined || hasAction(known, action)) &&
        isExpected(canonicalHost(node));
    }).map(detailOf);
    const names = new Set(said.map(({ node }) => canonicalHost(node)));
    const own = [...words].flatMap(([name, { details }]) =>
      names.has(name) || !isExpected(name) ? [] : details
    );
    const others = [...this.#nodes].flatMap(([name, node]) =>
      isExpected(name) ? unsaid(node, words.get(name)) : [notTakenAt(node, ban)]
    );
    return [...said, ...own, ...others];
  }

  /** Like {@link placeAt}. */
  #placeAt(name: HostName, ban: ChosenBan): BanPlace | undefined {
    const judge = this.#judges.get(name);
    return judge?.isOwn(ban) === true ? "taken" : judge?.placeOf(ban);
  }

  /**
   * Receipts of the nodes that should enforce a ban, and of those that reported
   * it.
   */
  #words(ban: Ban): ReadonlyMap<HostName, NodeWords> {
    const words = new Map<HostName, NodeWords>();
    for (const receipt of this.#store.receipts(ban)) {
      const name = canonicalHost(receipt.node);
      const node = this.#nodes.get(name);
      // A receipt of a former action does not count.
      if (node === undefined || !hasAction(node, receipt.action)) continue;
      // Nor does one from before the node left the ban out, or before only its
      // own report remained.
      if (this.#judges.get(name)?.placeOf(ban) !== "taken") continue;
      const known = words.get(name);
      if (known !== undefined) known.details.push(detailOf(receipt));
      else words.set(name, { isOwn: false, details: [detailOf(receipt)] });
    }
    for (const { origin } of ban.reports) {
      const name = canonicalHost(origin);
      const known = words.get(name);
      if (known !== undefined) known.isOwn = true;
      else if (this.#nodes.has(name)) {
        words.set(name, { isOwn: true, details: [ownAt(origin)] });
      }
    }
    return words;
  }
}

/**
 * Whether a node takes, observes or leaves out a ban. A node that reported it
 * has it in force through its own fail2ban, whatever its choice.
 */
export function placeAt(
  { node, choice }: EnforcingNode,
  ban: ChosenBan,
): BanPlace {
  const isOwn = ban.reports.some(({ origin }) => sameHost(origin, node));
  return isOwn ? "taken" : placeOfBan({ hostName: node, choice }, ban);
}

/** The state of a ban at a node. */
interface NodeWords {
  /** Whether the node reported it, so that its own fail2ban has it in force. */
  isOwn: boolean;
  /** At least one. */
  readonly details: EnforcementDetail[];
}

function hasAction({ actions }: EnforcingNode, action: string): boolean {
  return actions.length === 0 || actions.includes(action);
}

/** The actions of a node without a receipt. */
function unsaid(
  { node, actions }: EnforcingNode,
  said: NodeWords | undefined,
): readonly EnforcementDetail[] {
  if (said === undefined) return [unknownAt(node)];
  if (said.isOwn) return [];
  return actions.filter((name) =>
    !said.details.some(({ action }) => action === name)
  ).map((action) => ({ ...unknownAt(node), action }));
}

function worstOf(
  node: EnforcingNode,
  said: NodeWords | undefined,
): EnforcementDetail {
  let worst: EnforcementDetail | undefined;
  for (const detail of said?.details ?? []) {
    if (worst === undefined || isWorse(detail, worst)) worst = detail;
  }
  if (worst !== undefined && worst.state !== "applied") return worst;
  const [missing] = unsaid(node, said);
  return missing ?? worst ?? unknownAt(node.node);
}

function isWorse(one: EnforcementDetail, other: EnforcementDetail): boolean {
  return WORST_FIRST.indexOf(one.state) < WORST_FIRST.indexOf(other.state);
}

function detailOf(
  { node, action, outcome, detail }: StoredReceipt,
): EnforcementDetail {
  return { node, action, state: outcome, detail };
}

/**
 * A node's own fail2ban has the ban that it reported in force; its subscriber
 * does nothing.
 */
function ownAt(node: HostName): EnforcementDetail {
  return { node, action: OWN_ACTION, state: "applied", detail: "" };
}

function unknownAt(node: HostName): EnforcementDetail {
  return { node, action: "", state: "unknown", detail: "" };
}

/** The detail of a ban that the node leaves out or only observes. */
function notTakenAt(each: EnforcingNode, ban: ChosenBan): EnforcementDetail {
  const { node, choice } = each;
  if (placeAt(each, ban) === "observed") {
    return { node, action: "", state: "observed", detail: "" };
  }
  const detail = leftOutReason({ hostName: node, choice }, ban);
  return { node, action: "", state: "left-out", detail };
}
