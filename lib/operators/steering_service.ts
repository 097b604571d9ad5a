/**
 * Bans and unbans for operators, and waits briefly for the nodes' receipts.
 *
 * @module
 */

import type { RecordDeed } from "../members/node_records.ts";
import type { Clock } from "../async/clock.ts";
import type { SharedTurns } from "../async/shared_turns.ts";
import type { Ban, BanKey } from "../ban/ban.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import { hasChanged, type HubVerdict } from "../ban/decision_batch.ts";
import { type Address, prefixesAround } from "../base/address.ts";
import { durationText } from "../base/duration.ts";
import { RuntimeError } from "../base/errors.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { OPERATOR_JAIL, OPERATOR_ORIGIN } from "../base/operator_name.ts";
import {
  type CurrentPolicy,
  type ProtectionPolicy,
  type Refusal,
  refusal,
} from "../protection/protection_policy.ts";
import {
  type BanOrder,
  MAX_NAMED,
  type Steered,
  type SteeredReport,
  type UnbanOrder,
} from "../wire/operator_steering.ts";
import { banMatcher, endsMs } from "./ban_match.ts";
import {
  EnforcementView,
  type EnforcingNode,
  type EnforcingNodes,
} from "./enforcement_view.ts";
import { type LocalUnbanService, reportsOf } from "./local_unban_service.ts";
import { networksAround, type WidenedOf } from "./networks_around.ts";
import type {
  AwaitedNode,
  AwaitedWord,
  ReceiptWatch,
  Watch,
} from "./receipt_watch.ts";

/** Options for {@link SteeringService}. */
export interface SteeringServiceOptions {
  readonly hub: Pick<BanHub, "submit" | "table">;
  readonly store: Pick<BanStore, "receipts">;
  readonly nodes: EnforcingNodes;
  readonly protection: CurrentPolicy;
  readonly receipts: ReceiptWatch;
  readonly clock: Clock;
  readonly turns: SharedTurns;
  readonly record: RecordDeed;
  /** Asks nodes to unban in their own fail2ban. */
  readonly local: LocalUnbanService;
  /** Why networks are banned by widening. */
  readonly widenedOf: WidenedOf;
  /** Longest wait for receipts, in milliseconds. */
  readonly waitMs: number;
}

/** Number of bans lifted in one step; others are served between steps. */
const AT_ONCE = 500;
/** Number of lifted bans whose receipts are awaited: the last ones. */
const MAX_AWAITED = 100;
const NO_FLOOR = { minPrefix4Bits: 0, minPrefix6Bits: 0, allowPrivate: true };

/** Carries out orders. */
export class SteeringService {
  readonly #options: SteeringServiceOptions;

  /** @param options See {@link SteeringServiceOptions}. */
  constructor(options: SteeringServiceOptions) {
    this.#options = options;
  }

  /**
   * Bans an address under the operators' origin.
   *
   * @param order The address and duration.
   * @param signal Ends the wait for receipts.
   * @throws {RuntimeError} when a rule forbids the ban, or it can't be stored.
   */
  async ban(order: BanOrder, signal: AbortSignal): Promise<Steered> {
    const { hub, clock, record, receipts } = this.#options;
    const { address, by, forMs, reason, force } = order;
    this.#judge(order);
    const key = { jail: OPERATOR_JAIL, address };
    const view = this.#view();
    const before = hub.table.find(key);
    const expected = view.expectedFor({
      ...key,
      reports: [...before?.reports ?? [], { origin: OPERATOR_ORIGIN }],
    });
    const nodes = awaitedAt(view, expected, key, before);
    using watch = receipts.begin(nodes, "applied");
    const startMs = clock.monotonicMs();
    const [verdict] = await hub.submit([{
      event: {
        kind: "report",
        ...key,
        origin: OPERATOR_ORIGIN,
        expiresMs: forMs === null ? Infinity : clock.nowMs() + forMs,
        // An operator's latest order counts, even if it ends sooner.
        isExact: true,
      },
    }]);
    refuseVerdict(verdict);
    const span = forMs === null
      ? "for ever"
      : `for ${durationText(forMs / 1_000)}`;
    const how = force ? `${span}, forced` : span;
    await record(by, "ban", address, reason === "" ? how : `${how}: ${reason}`);
    const standing = expected.length - nodes.length;
    return await this.#outcome(watch, {
      ...{ startMs, signal, nodes, standing },
      bans: hasChanged(verdict) ? 1 : 0,
      reports: [],
    });
  }

  /**
   * Lifts bans, whoever reported them.
   *
   * @param order Selects the bans.
   * @param signal Ends the wait for receipts.
   * @throws {RuntimeError} when no ban matches, or the change can't be stored.
   */
  async unban(order: UnbanOrder, signal: AbortSignal): Promise<Steered> {
    const { clock, receipts, local } = this.#options;
    const { address } = order;
    const bans = await this.#find(order, signal);
    if (bans.length === 0) return await this.#unbanAgain(order, signal);
    const nodes = await this.#holders(bans.slice(-MAX_AWAITED), signal);
    using watch = receipts.begin(nodes, "lifted");
    const startMs = clock.monotonicMs();
    const count = await this.#lift(bans, order);
    const asked = order.local && address !== null
      ? local.ask(address, reportsOf(bans), signal)
      : Promise.resolve([]);
    const outcome = this.#outcome(watch, {
      ...{ startMs, signal, nodes, standing: 0 },
      bans: count,
      reports: namedReports(bans),
    });
    const [said, steered] = await Promise.all([asked, outcome]);
    return { ...steered, local: said, around: this.#around(address) };
  }

  /**
   * Nothing is banned any more: asks the nodes' own fail2bans, which may still
   * have it.
   */
  async #unbanAgain(
    order: UnbanOrder,
    signal: AbortSignal,
  ): Promise<Steered> {
    const { clock, local, record } = this.#options;
    const { address, by, node, jail } = order;
    const reports = order.local && address !== null
      ? local.liftedBefore(address).filter((report) =>
        (node === null || sameHost(report.node, node)) &&
        (jail === null || report.jail === jail)
      )
      : [];
    if (address === null || reports.length === 0) this.#refuseNone(order);
    const startMs = clock.monotonicMs();
    await record(by, "unban", address, "in the fail2bans that reported it");
    const said = await local.ask(address, reports, signal);
    const tookMs = Math.round(clock.monotonicMs() - startMs);
    return {
      ...{ bans: 0, reports: reports.slice(0, MAX_NAMED) },
      ...{ done: 0, expected: 0, tookMs },
      ...{ silent: [], failed: [], local: said },
      around: this.#around(address),
    };
  }

  #around(address: Address | null): readonly Address[] {
    const { hub: { table }, widenedOf, clock } = this.#options;
    if (address === null) return [];
    return networksAround(address, table, widenedOf, clock.nowMs())
      .slice(0, MAX_NAMED);
  }

  #judge({ address, force }: BanOrder): void {
    const policy = this.#options.protection();
    const judged: ProtectionPolicy = force
      ? { ...policy, ...NO_FLOOR }
      : policy;
    const refused = refusal(address, judged);
    if (refused === undefined) return;
    const { rule, because } = refused;
    throw new RuntimeError(
      `${address} must not be banned: ${
        rule === "too-wide" ? `wider than ${because}` : `${rule} (${because})`
      }`,
      { hint: hintOf(refused) },
    );
  }

  async #find(
    { address, node, jail }: UnbanOrder,
    signal: AbortSignal,
  ): Promise<readonly Ban[]> {
    const { hub: { table }, clock } = this.#options;
    const matches = banMatcher({
      ...{ jail, node, at: null, within: null, sinceMs: null },
      notEnforced: false,
    });
    const nowMs = clock.nowMs();
    // The table keeps expired bans until the next sweep.
    const isMeant = (ban: Ban) => endsMs(ban) > nowMs && matches(ban);
    if (address !== null) return [...table.ofAddress(address)].filter(isMeant);
    const found: Ban[] = [];
    await this.#each(table.bans(), signal, (ban) => {
      if (isMeant(ban)) found.push(ban);
    });
    return found;
  }

  #refuseNone({ address, node, jail }: UnbanOrder): never {
    if (address === null) {
      const by = node === null ? "" : ` by the word of ${node}`;
      const where = jail === null ? "" : ` in ${jail}`;
      throw new RuntimeError(`nobody is banned${where}${by}`, {
        hint: "fail2ban-cluster bans lists who is, where and by whose word",
      });
    }
    const { hub: { table } } = this.#options;
    const around = prefixesAround(address).find((prefix) =>
      !table.ofAddress(prefix).next().done
    );
    throw new RuntimeError(`${address} is not banned`, {
      hint: around === undefined
        ? `fail2ban-cluster why ${address} tells what is known of it`
        : `${around} is: fail2ban-cluster unban ${around}`,
    });
  }

  /** The nodes that have bans in force, according to their receipts. */
  async #holders(
    bans: readonly Ban[],
    signal: AbortSignal,
  ): Promise<readonly AwaitedNode[]> {
    const view = this.#view();
    const words = new Map<HostName, AwaitedWord[]>();
    await this.#each(bans, signal, (key) => {
      for (const [node, actions] of view.inForce(key)) {
        const known = words.get(node) ?? [];
        known.push({ key, actions });
        words.set(node, known);
      }
    });
    return [...view.nodes].flatMap(({ node, isSilent }) => {
      const held = words.get(canonicalHost(node));
      return held === undefined ? [] : [{ node, words: held, isSilent }];
    });
  }

  /** Processes each ban, in short turns. */
  async #each(
    bans: Iterable<Ban>,
    signal: AbortSignal,
    work: (ban: Ban) => void,
  ): Promise<void> {
    const all = bans[Symbol.iterator]();
    let isDone = false;
    while (!isDone) {
      await this.#options.turns.take(signal, (isOver) => {
        do {
          const next = all.next();
          isDone = next.done === true;
          if (next.done !== true) work(next.value);
        } while (!isDone && !isOver());
      });
    }
  }

  async #lift(bans: readonly Ban[], order: UnbanOrder): Promise<number> {
    const { hub, record } = this.#options;
    let count = 0;
    try {
      for (let at = 0; at < bans.length; at += AT_ONCE) {
        const verdicts = await hub.submit(
          bans.slice(at, at + AT_ONCE).map(({ jail, address }) => ({
            event: { kind: "lift", jail, address, by: OPERATOR_ORIGIN },
          })),
        );
        count += verdicts.filter(hasChanged).length;
      }
    } finally {
      // Records the bans lifted before a failure, too.
      const { by, address, node, jail } = order;
      const subject = address ?? node ?? jail ?? "all";
      const whose = [
        ...(node === null ? [] : [`reported by ${node}`]),
        ...(jail === null ? [] : [`in ${jail}`]),
      ].join(" ");
      await record(
        by,
        "unban",
        subject,
        `${count} ${count === 1 ? "ban" : "bans"} ${whose}`.trimEnd(),
      );
    }
    return count;
  }

  async #outcome(
    watch: Watch,
    { startMs, signal, nodes, standing, bans, reports }: {
      readonly startMs: number;
      readonly signal: AbortSignal;
      readonly nodes: readonly AwaitedNode[];
      readonly standing: number;
      readonly bans: number;
      readonly reports: readonly SteeredReport[];
    },
  ): Promise<Steered> {
    const { clock, waitMs } = this.#options;
    const { done, silent, failed } = await watch.wait(clock, waitMs, signal);
    return {
      bans,
      reports,
      done: done + standing,
      expected: nodes.length + standing,
      tookMs: Math.round(clock.monotonicMs() - startMs),
      silent: silent.slice(0, MAX_NAMED),
      failed: failed.slice(0, MAX_NAMED).map((
        { node, action, outcome, detail },
      ) => ({ node, action, state: outcome, detail })),
      ...{ local: [], around: [] },
    };
  }

  #view(): EnforcementView {
    const { store, nodes } = this.#options;
    return new EnforcementView(store, nodes);
  }
}

/**
 * The nodes that should enforce a ban, with the actions that do not have it in
 * force yet.
 */
function awaitedAt(
  view: EnforcementView,
  expected: readonly EnforcingNode[],
  key: BanKey,
  before: Ban | undefined,
): readonly AwaitedNode[] {
  const inForce = before === undefined ? undefined : view.inForce(before);
  return expected.flatMap((each): readonly AwaitedNode[] => {
    if (before !== undefined && view.hasInForce(each, before)) return [];
    const { node, isSilent } = each;
    const done = inForce?.get(canonicalHost(node)) ?? [];
    const actions = each.actions.filter((action) => !done.includes(action));
    return [{ node, words: [{ key, actions }], isSilent }];
  });
}

function refuseVerdict(verdict: HubVerdict | undefined): void {
  if (hasChanged(verdict) || verdict === "known") return;
  throw new RuntimeError(
    verdict === "node-full"
      ? "as many bans of operators stand as may"
      : `it could not be banned: ${verdict ?? "nothing was said"}`,
    { hint: "maxbans in [publisher] says how many of a node may stand" },
  );
}

function hintOf({ rule, because }: Refusal): string {
  switch (rule) {
    case "private":
    case "too-wide":
      return "--force bans it all the same";
    case "allowlist":
      return `fail2ban-cluster allow remove ${because} takes it off the allowlist`;
    case "ignoreip":
      return "ignoreip in the publisher's configuration has it";
    default:
      return "nobody may ban that, whoever asks";
  }
}

function namedReports(bans: readonly Ban[]): readonly SteeredReport[] {
  const reports = new Map<string, SteeredReport>();
  for (const { jail, reports: words } of bans) {
    for (const { origin: node } of words) {
      if (reports.size >= MAX_NAMED) return [...reports.values()];
      reports.set(`${node}|${jail}`, { node, jail });
    }
  }
  return [...reports.values()];
}
