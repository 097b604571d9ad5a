/**
 * Tests whether a ban would reach every node: a probe takes the path of a ban,
 * but nobody is banned. In a fire drill each node also bans for a short time.
 *
 * A probe is neither in the table nor in its history, so no replica contains it
 * and no monitor sees it.
 *
 * @module
 */

import type { Clock } from "../async/clock.ts";
import type { BanHub } from "../ban/ban_hub.ts";
import type { BanStore } from "../ban/ban_store.ts";
import { type Address, parseAddress, prefixesAround } from "../base/address.ts";
import { OPERATOR_JAIL, OPERATOR_ORIGIN } from "../base/operator_name.ts";
import { placeOfReport } from "../choice/receiver_choice.ts";
import type { NodeCondition } from "../wire/v2_messages.ts";
import { RuntimeError } from "../base/errors.ts";
import { NetworkSet } from "../base/network_set.ts";
import { canonicalHost, type HostName, sameHost } from "../base/host_name.ts";
import { type Judgement, judgementOf } from "../protection/judgement.ts";
import type { CurrentPolicy } from "../protection/protection_policy.ts";
import type { LiveNode, LiveRole } from "../wire/operator_status.ts";
import type {
  Tested,
  TestedNode,
  TestedProgram,
  TestOrder,
} from "../wire/operator_testing.ts";
import type { DrillWord } from "../wire/v2_probes.ts";
import { disagreements } from "./rule_agreement.ts";
import type { RecordDeed } from "../members/node_records.ts";
import type { ProbedProgram, ProbeSaid, TestedNodes } from "./node_orders.ts";

/** Options for {@link TestService}. */
export interface TestServiceOptions {
  readonly hub: Pick<BanHub, "submit" | "table">;
  readonly store: Pick<BanStore, "epoch" | "time" | "keepTime">;
  readonly nodes: {
    /** The state of each member. */
    readonly live: () => readonly LiveNode[];
    readonly orders: TestedNodes;
  };
  readonly protection: CurrentPolicy;
  /** The cluster's current allowlist. */
  readonly allowlist: () => { readonly revision: number };
  /** How far the system's clock is ahead of the table's, in milliseconds. */
  readonly aheadMs: () => number;
  readonly clock: Clock;
  readonly record: RecordDeed;
}

/**
 * Networks reserved for documentation: nobody uses their addresses, so a short
 * ban harms nobody.
 */
const DRILL_NETWORKS = new NetworkSet(
  ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]
    .flatMap((text) => parseAddress(text) ?? [])
    .map((network) => ({ network, label: network })),
);
/** Timeout of answers, in milliseconds. */
const WAIT_MS = 5_000;
/** Duration of a drill's ban, in milliseconds. */
const HOLD_MS = 5_000;
/** Additional time for a node to ban, check and lift, in milliseconds. */
const DRILL_WAIT_MS = 25_000;
const US_PER_MS = 1_000;

type SubscriberCondition = Extract<
  NodeCondition,
  { readonly kind: "subscriber" }
>;

/** The publisher's state when it asked. */
interface AskedAt {
  readonly address: Address;
  readonly judgement: Judgement;
  /** The table's last sequence number. */
  readonly seq: number;
}

/** Runs tests, one at a time. */
export class TestService {
  readonly #options: TestServiceOptions;
  #isUnderWay = false;
  /** Until then nodes may still run a drill whose operator has disconnected. */
  #drillUntilMs = -Infinity;

  /** @param options See {@link TestServiceOptions}. */
  constructor(options: TestServiceOptions) {
    this.#options = options;
  }

  /**
   * Runs a test.
   *
   * @param order The test.
   * @param signal Ends the wait for the nodes; they finish on their own.
   * @throws {RuntimeError} when the test is impossible, or another one is
   * running.
   */
  async test(order: TestOrder, signal: AbortSignal): Promise<Tested> {
    const { clock } = this.#options;
    if (this.#isUnderWay || clock.monotonicMs() < this.#drillUntilMs) {
      throw new RuntimeError("a test is under way", {
        hint: "try again when it is over: half a minute at most",
      });
    }
    this.#isUnderWay = true;
    try {
      return await this.#test(order, signal);
    } finally {
      this.#isUnderWay = false;
    }
  }

  async #test(
    { by, node, address, firewall }: TestOrder,
    signal: AbortSignal,
  ): Promise<Tested> {
    const { clock, nodes, hub } = this.#options;
    const beganMs = clock.monotonicMs();
    const judgement = this.#judge(address);
    if (firewall) this.#refuseDrill(address, judgement);
    const live = this.#members(node);
    await this.#store();
    const tookUs = toUs(clock.monotonicMs() - beganMs);
    const at = { address, judgement, seq: hub.table.seq };
    const probed = await nodes.orders.probe(
      { address, node, waitMs: WAIT_MS },
      signal,
    );
    const tested = this.#testedNodes(live, probed, at);
    return {
      ...{ address, tookUs, refused: judgement.refused },
      ...{ waitMs: WAIT_MS, holdMs: HOLD_MS },
      nodes: firewall
        ? await this.#drill(tested, { by, address }, signal)
        : tested,
    };
  }

  #judge(address: Address): Judgement {
    const { protection, allowlist } = this.#options;
    return judgementOf(address, protection(), allowlist().revision);
  }

  #refuseDrill(address: Address, { refused }: Judgement): void {
    if (
      address.includes("/") || DRILL_NETWORKS.meeting(address) === undefined
    ) {
      throw new RuntimeError(`${address} may be somebody's`, {
        hint: "a drill is for an address of examples: --address 203.0.113.1",
      });
    }
    if (refused !== "") {
      throw new RuntimeError(`${address} must not be banned: ${refused}`, {
        hint: "--address takes another, as 203.0.113.1",
      });
    }
    const { hub: { table } } = this.#options;
    const standing = [address, ...prefixesAround(address)].find((each) =>
      !table.ofAddress(each).next().done
    );
    if (standing === undefined) return;
    throw new RuntimeError(`${standing} is banned: a drill would lift it`, {
      hint:
        `fail2ban-cluster why ${standing} tells by whom; --address takes another, as 203.0.113.1`,
    });
  }

  #members(node: HostName | null): readonly LiveNode[] {
    const all = this.#options.nodes.live();
    if (node === null) return all;
    const found = all.filter((each) => sameHost(each.node, node));
    if (found.length > 0) return found;
    throw new RuntimeError(`${node} is no member`, {
      hint: "fail2ban-cluster nodes lists them",
    });
  }

  /**
   * Does what a report does without a change: it is judged, queued, and causes
   * a write.
   */
  async #store(): Promise<void> {
    const { hub, store, clock, aheadMs } = this.#options;
    const seenMs = clock.nowMs();
    // Writes the stored time back unchanged: only the publisher's clock may
    // change it.
    await store.keepTime(store.time ?? { aheadMs: aheadMs(), seenMs });
    await hub.submit([]);
  }

  #testedNodes(
    live: readonly LiveNode[],
    probed: readonly ProbedProgram[],
    at: AskedAt,
  ): readonly TestedNode[] {
    const asked = new Map(
      probed.map((program) => [programOf(program.node, program.role), program]),
    );
    return live.map(({ node, roles }) => ({
      node,
      programs: roles.flatMap((role) =>
        this.#testedProgram(
          { node, role },
          asked.get(programOf(node, role.role)),
          at,
        )
      ),
      drill: null,
      isDrilled: false,
    }));
  }

  #testedProgram(
    { node, role: { role, state, seenAgoMs } }: {
      readonly node: HostName;
      readonly role: LiveRole;
    },
    asked: ProbedProgram | undefined,
    at: AskedAt,
  ): readonly TestedProgram[] {
    if (asked === undefined && state === "never") return [];
    const said = asked?.said;
    const heard = said === undefined ? UNHEARD : this.#heard(node, said, at);
    const outcome = said !== undefined
      ? "heard" as const
      : state === "away"
      ? "away" as const
      : asked === undefined
      ? "apart" as const
      : "silent" as const;
    return [{ role, outcome, ...heard, seenAgoMs }];
  }

  #heard(
    hostName: HostName,
    { state, tookMs, ...verdict }: ProbeSaid,
    { address, judgement, seq }: AskedAt,
  ): Omit<TestedProgram, "role" | "outcome" | "seenAgoMs"> {
    const isMonitor = state.kind === "monitor";
    const taken = isMonitor || state.epoch !== this.#options.store.epoch
      ? 0
      : state.seq;
    return {
      tookUs: toUs(tookMs),
      disagreements: disagreements(verdict, [judgement, this.#judge(address)]),
      behind: isMonitor ? null : Math.max(0, seq - taken),
      logReadAgoMs: isMonitor ? state.logReadAgoMs : null,
      actions: isMonitor ? null : actionsOf(hostName, state),
    };
  }

  /**
   * Lets every subscriber that answered ban with each of its actions, all at
   * the same time.
   */
  async #drill(
    tested: readonly TestedNode[],
    { by, address }: Pick<TestOrder, "by" | "address">,
    signal: AbortSignal,
  ): Promise<readonly TestedNode[]> {
    const { clock, record, nodes: { orders } } = this.#options;
    const drilled = tested.filter(isDrillable);
    const waitMs = HOLD_MS + DRILL_WAIT_MS;
    const count = drilled.length === 1 ? "1 node" : `${drilled.length} nodes`;
    await record(by, "test", address, `with the firewall of ${count}`);
    if (drilled.length === 0) return tested;
    this.#drillUntilMs = clock.monotonicMs() + waitMs;
    const words = new Map<HostName, DrillWord | undefined>();
    await Promise.all(drilled.map(async ({ node }) => {
      const order = { address, node, holdMs: HOLD_MS, waitMs };
      words.set(node, await orders.drill(order, signal));
    }));
    this.#drillUntilMs = -Infinity;
    return tested.map((each) => ({
      ...each,
      drill: words.get(each.node) ?? null,
      isDrilled: words.has(each.node),
    }));
  }
}

const UNHEARD = {
  tookUs: null,
  disagreements: [],
  behind: null,
  logReadAgoMs: null,
  actions: null,
};

/** Number of actions that enforce operators' bans. */
function actionsOf(
  hostName: HostName,
  { actions, choice }: SubscriberCondition,
): number {
  const receiver = { hostName, choice };
  const place = placeOfReport(receiver, OPERATOR_JAIL, OPERATOR_ORIGIN);
  return place === "taken" ? actions.length : 0;
}

function isDrillable({ programs }: TestedNode): boolean {
  return programs.some(({ role, outcome }) =>
    role === "subscriber" && outcome === "heard"
  );
}

function programOf(node: HostName, role: LiveRole["role"]): string {
  return `${role} ${canonicalHost(node)}`;
}

function toUs(ms: number): number {
  return Math.max(0, Math.round(ms * US_PER_MS));
}
