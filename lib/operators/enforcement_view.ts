/**
 * Who has a ban in force: what nodes said, held against who should have it.
 *
 * @module
 */

import type { Ban } from "../ban/ban.ts";
import type { BanStore, StoredReceipt } from "../ban/ban_store.ts";
import { FAIL2BAN_ACTION, OWN_ACTION } from "../ban/receipt.ts";
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

/** A node that has a subscriber which acts. */
export interface EnforcingNode {
  readonly node: HostName;
  /** The actions that keep bans in force there; empty: it has not told yet. */
  readonly actions: readonly string[];
  /** Whether it gave no sign of life lately. */
  readonly isSilent: boolean;
  /** What it takes. */
  readonly choice: ReceiverChoice;
}

/** Who should have bans in force. */
export interface EnforcingNodes {
  /** Each of them once. */
  enforcing(): readonly EnforcingNode[];
}

/** How a ban stands at the nodes that should have it in force. */
export interface EnforcementCount {
  readonly enforced: number;
  readonly expected: number;
  /** Nodes that only observe it. */
  readonly observed: number;
  /** What those say that have it not, the first of them. */
  readonly missing: readonly EnforcementDetail[];
}

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
  readonly #nodes: ReadonlyMap<HostName, EnforcingNode>;
  readonly #judges: ReadonlyMap<HostName, ChoiceJudge>;

  /**
   * @param store Has the receipts.
   * @param nodes Who should have bans in force.
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

  /** How many nodes put bans in force. */
  get size(): number {
    return [...this.#nodes.values()].filter(({ actions, choice }) =>
      actions.length > 0 || !observesSome(choice)
    ).length;
  }

  /** How many nodes observe some bans, or all. */
  get observers(): number {
    return [...this.#nodes.values()].filter(({ choice }) =>
      observesSome(choice)
    ).length;
  }

  /** Who puts bans in force, or observes them. */
  get nodes(): Iterable<EnforcingNode> {
    return this.#nodes.values();
  }

  /** Who should have a ban in force. */
  expectedFor(ban: ChosenBan): readonly EnforcingNode[] {
    return [...this.#nodes].flatMap(([name, node]) =>
      this.#placeAt(name, ban) === "taken" ? [node] : []
    );
  }

  /** How a ban stands. One that waits for its quorum is expected nowhere. */
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
   * By which actions nodes have a ban in force, as far as they said so. A node
   * that reported it has it in its own fail2ban, and is none of them.
   *
   * @returns By the node's canonical name.
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

  /** Whether a node has a ban in force with all that it has. */
  hasInForce({ node }: EnforcingNode, ban: Ban): boolean {
    const name = canonicalHost(node);
    const known = this.#nodes.get(name);
    return known !== undefined &&
      worstOf(known, this.#words(ban).get(name)).state === "applied";
  }

  /**
   * What every node said of a ban, also those that are away and those that
   * reported it; and those that should have said something, or take nothing of it.
   */
  details(ban: Ban): readonly EnforcementDetail[] {
    const words = this.#words(ban);
    const isExpected = (name: HostName) => {
      return !this.#nodes.has(name) || this.#placeAt(name, ban) === "taken";
    };
    const receipts = this.#store.receipts(ban);
    const listed = receipts.filter((receipt) => {
      const name = canonicalHost(receipt.node);
      return isListedOnly(receipt, this.#nodes.get(name), ban) &&
        isExpected(name);
    });
    const said = receipts.filter((receipt) => {
      const { node, action } = receipt;
      const known = this.#nodes.get(canonicalHost(node));
      if (action === OWN_ACTION) return listed.includes(receipt);
      const isListed = action === FAIL2BAN_ACTION &&
        listed.some((other) => sameHost(other.node, node));
      return !isListed && (known === undefined || hasAction(known, action)) &&
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

  /** As {@link placeAt}. */
  #placeAt(name: HostName, ban: ChosenBan): BanPlace | undefined {
    const judge = this.#judges.get(name);
    return judge?.isOwn(ban) === true ? "taken" : judge?.placeOf(ban);
  }

  /** What those said that should have it in force, and that reported it themselves. */
  #words(ban: Ban): ReadonlyMap<HostName, NodeWords> {
    const words = new Map<HostName, NodeWords>();
    const failed = new Map<HostName, EnforcementDetail>();
    for (const receipt of this.#store.receipts(ban)) {
      const name = canonicalHost(receipt.node);
      if (receipt.action === OWN_ACTION) {
        if (receipt.outcome !== "applied") failed.set(name, detailOf(receipt));
        continue;
      }
      const node = this.#nodes.get(name);
      // What it did with an action that it has no more says nothing of now.
      if (node === undefined || !hasAction(node, receipt.action)) continue;
      // Nor does what it did before it left the ban out, or only its own report was left.
      if (this.#judges.get(name)?.placeOf(ban) !== "taken") continue;
      const known = words.get(name);
      if (known !== undefined) known.details.push(detailOf(receipt));
      else words.set(name, { isOwn: false, details: [detailOf(receipt)] });
    }
    for (const [name, failure] of failed) {
      const node = this.#nodes.get(name);
      if (bansByFail2ban(node)) words.get(name)?.details.push(failure);
    }
    for (const { origin } of ban.reports) {
      const name = canonicalHost(origin);
      const known = words.get(name);
      const failure = failed.get(name);
      // Where its own fail2ban failed, only its subscriber can have it in force.
      if (known !== undefined) known.isOwn = failure === undefined;
      else if (this.#nodes.has(name)) {
        words.set(name, { isOwn: true, details: [failure ?? ownAt(origin)] });
      }
    }
    return words;
  }
}

/**
 * What a ban is to a node. One that reported it has it in force by its own
 * fail2ban, whatever it takes.
 */
export function placeAt(
  { node, choice }: EnforcingNode,
  ban: ChosenBan,
): BanPlace {
  const isOwn = ban.reports.some(({ origin }) => sameHost(origin, node));
  return isOwn ? "taken" : placeOfBan({ hostName: node, choice }, ban);
}

/** Whether a node that has a ban by its fail2ban said that it is only listed there. */
function isListedOnly(
  { node, action, outcome }: StoredReceipt,
  known: EnforcingNode | undefined,
  ban: ChosenBan,
): boolean {
  const isOwn = ban.reports.some(({ origin }) => sameHost(origin, node));
  return action === OWN_ACTION && outcome !== "applied" &&
    (isOwn || bansByFail2ban(known));
}

/** Whether what a node's fail2ban only lists is not in force by its subscriber either. */
export function bansByFail2ban(node: EnforcingNode | undefined): boolean {
  return node?.actions.includes(FAIL2BAN_ACTION) === true;
}

/** What a node said of a ban. */
interface NodeWords {
  /** Whether it reported it: no word of its subscriber is missing. */
  isOwn: boolean;
  /** At least one. */
  readonly details: EnforcementDetail[];
}

function hasAction({ actions }: EnforcingNode, action: string): boolean {
  return actions.length === 0 || actions.includes(action);
}

/** The actions of which a node should have said something, and did not. */
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

/** What a node reported its own fail2ban has in force: its subscriber does nothing. */
function ownAt(node: HostName): EnforcementDetail {
  return { node, action: OWN_ACTION, state: "applied", detail: "" };
}

function unknownAt(node: HostName): EnforcementDetail {
  return { node, action: "", state: "unknown", detail: "" };
}

/** Of a ban that it leaves out, or only observes. */
function notTakenAt(each: EnforcingNode, ban: ChosenBan): EnforcementDetail {
  const { node, choice } = each;
  if (placeAt(each, ban) === "observed") {
    return { node, action: "", state: "observed", detail: "" };
  }
  const detail = leftOutReason({ hostName: node, choice }, ban);
  return { node, action: "", state: "left-out", detail };
}
