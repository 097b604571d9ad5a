import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { Change } from "../../lib/ban/ban.ts";
import type { KeptChange } from "../../lib/ban/ban_hub.ts";
import type { StoredReceipt } from "../../lib/ban/ban_store.ts";
import {
  onlyObserving,
  type ReceiverChoice,
  TAKE_ALL,
} from "../../lib/choice/receiver_choice.ts";
import {
  EnforcementTally,
  type NodeStanding,
} from "../../lib/operators/enforcement_tally.ts";
import {
  EnforcementView,
  type EnforcingNode,
} from "../../lib/operators/enforcement_view.ts";
import { enforcing } from "../support/values/enforcing_nodes.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const HOSTS = ["web1", "WEB2", "db1"];
const ACTIONS = ["nftables", "exec", "gone"];
const JAILS = ["sshd", "nginx"];

/** What happens to a cluster. */
type Deed =
  | { readonly kind: "report"; readonly forMs: number; readonly wait: boolean }
  | { readonly kind: "withdraw" | "lift" | "expire" }
  | {
    readonly kind: "receipt";
    readonly action: string;
    readonly outcome: StoredReceipt["outcome"];
    /** How late it arrives. */
    readonly lateMs: number;
  };

const anyDeed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    kind: fc.constant("report" as const),
    forMs: fc.constantFrom(3, 3, 50, Infinity),
    wait: fc.boolean(),
  }),
  fc.constantFrom("withdraw", "lift", "expire").map((kind) => ({ kind })),
  fc.record({
    kind: fc.constant("receipt" as const),
    action: fc.constantFrom(...ACTIONS),
    outcome: fc.constantFrom(
      ...["applied", "applied", "lifted", "refused", "failed"] as const,
    ),
    lateMs: fc.constantFrom(0, 0, 5),
  }),
);

const anyDeeds = fc.array(
  fc.record({
    at: fc.nat(1),
    jail: fc.constantFrom(...JAILS),
    node: fc.constantFrom(...HOSTS),
    deed: anyDeed,
  }),
  { maxLength: 60 },
);

const somePatterns = (...patterns: readonly string[]) =>
  fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    fc.constantFrom(...patterns).map((pattern) => [pattern]),
  );
const anyChoice: fc.Arbitrary<ReceiverChoice> = fc.oneof(
  fc.constant(TAKE_ALL),
  fc.constant(onlyObserving(TAKE_ALL)),
  fc.record({
    takeJails: fc.constantFrom(["*"], ["*"], ["ss*"]),
    ignoreJails: somePatterns("nginx"),
    takeNodes: fc.constantFrom(["*"], ["*"], ["web*"], ["db1"]),
    ignoreNodes: somePatterns("web1", "Web*"),
    observeNodes: somePatterns("db1", "web2", "*"),
  }),
);

const anyNodes: fc.Arbitrary<readonly EnforcingNode[]> = fc.record({
  names: fc.uniqueArray(fc.constantFrom(...HOSTS), { maxLength: 3 }),
  choices: fc.array(anyChoice, { minLength: 3, maxLength: 3 }),
  actions: fc.array(fc.uniqueArray(fc.constantFrom("nftables", "exec")), {
    minLength: 3,
    maxLength: 3,
  }),
}).map(({ names, actions, choices }) =>
  names.map((name, at) => ({
    node: host(name.toLowerCase()),
    actions: actions[at] ?? [],
    isSilent: false,
    choice: choices[at] ?? TAKE_ALL,
  }))
);

/** A table, its store, and the tally that hears of both. */
class Bench {
  readonly table = new BanTable();
  readonly store = new MemoryBanStore();
  tally = new EnforcementTally(this.table);
  #nowMs = 1_000;

  async do(
    { at, jail: jailName, node, deed }: {
      readonly at: number;
      readonly jail: string;
      readonly node: string;
      readonly deed: Deed;
    },
  ): Promise<void> {
    const nowMs = this.#nowMs += 1;
    const key = { jail: jail(jailName), address: address(`192.0.2.${at}`) };
    const base = { ...key, seq: this.table.seq + 1, atMs: nowMs };
    const origin = host(node);
    switch (deed.kind) {
      case "report": {
        const expiresMs = nowMs + deed.forMs;
        const isPending = deed.wait;
        return await this.#change({
          ...{ kind: "report", ...base, origin, expiresMs, isPending },
        });
      }
      case "withdraw":
        return await this.#change({ kind: "withdraw", ...base, origin });
      case "lift":
        return await this.#change({ kind: "lift", ...base, by: origin });
      case "expire":
        for (const step of this.table.expire(nowMs)) this.tally.noteStep(step);
        return;
      case "receipt": {
        const { action, outcome, lateMs } = deed;
        const atMs = nowMs - lateMs;
        const receipt = { ...key, node: origin, action, outcome, atMs };
        const { kept } = await this.store.keepReceipts([
          { ...receipt, detail: "" },
        ]);
        this.tally.noteReceipts(kept);
      }
    }
  }

  async #change(change: Change): Promise<void> {
    await this.store.append([{ event: undefined, change }], change.atMs);
    const kept: KeptChange = { change, ...this.table.apply(change) };
    this.tally.noteKept([kept]);
  }

  /** Counts from what is stored, as at a start, those that it was not told of. */
  count(): void {
    for (const ban of this.table.bans()) {
      if (this.tally.has(ban)) continue;
      this.tally.add(ban, this.store.receipts(ban));
    }
  }

  /** What a look at each ban gives. */
  looked(nodes: readonly EnforcingNode[]) {
    const view = new EnforcementView(this.store, { enforcing: () => nodes });
    const all = [...this.table.bans()];
    return {
      bans: all.filter(({ isPending }) => !isPending).length,
      waiting: all.filter(({ isPending }) => isPending).length,
      ...summed(all.map((ban) => {
        const { enforced: inForce, expected, observed } = view.count(ban);
        return { inForce, expected, observed };
      })),
    };
  }

  counted(nodes: readonly EnforcingNode[]) {
    const { bans, waiting } = this.tally;
    const standings = nodes.map((node) => this.tally.standingAt(node));
    return { bans, waiting, ...summed(standings) };
  }
}

function summed(standings: readonly NodeStanding[]): NodeStanding {
  const sum = { inForce: 0, expected: 0, observed: 0 };
  for (const { inForce, expected, observed } of standings) {
    sum.inForce += inForce;
    sum.expected += expected;
    sum.observed += observed;
  }
  return sum;
}

Deno.test("EnforcementTally counts what a look at each ban would, whatever happened, and whichever actions and choice nodes have by then", async () => {
  await fc.assert(
    fc.asyncProperty(anyDeeds, anyNodes, async (deeds, nodes) => {
      const bench = new Bench();
      for (const each of deeds) {
        await bench.do(each);
        deepStrictEqual(bench.counted(nodes), bench.looked(nodes));
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("EnforcementTally that begins late counts the same, with what happens while it counts", async () => {
  await fc.assert(
    fc.asyncProperty(
      ...[anyDeeds, anyDeeds, anyDeeds, anyNodes] as const,
      async (before, meanwhile, after, nodes) => {
        const bench = new Bench();
        for (const each of before) await bench.do(each);
        bench.tally = new EnforcementTally(bench.table);
        for (const each of meanwhile) await bench.do(each);
        bench.count();
        deepStrictEqual(bench.counted(nodes), bench.looked(nodes));
        for (const each of after) await bench.do(each);
        deepStrictEqual(bench.counted(nodes), bench.looked(nodes));
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("EnforcementTally counts many bans, gives rows of bans that ended to others, and is empty in the end", async () => {
  const bench = new Bench();
  const node = enforcing("db1", "nftables");
  const each = (deed: Deed, count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, at) =>
        bench.do({ at, jail: "sshd", node: "db1", deed })),
    );
  for (let times = 0; times < 2; times++) {
    for (let at = 0; at < 200; at++) {
      await bench.do({
        ...{ at, jail: "sshd", node: "web1" },
        deed: { kind: "report", forMs: Infinity, wait: false },
      });
    }
    strictEqual(bench.tally.standingAt(node).inForce, 0);
    await each(
      { kind: "receipt", action: "nftables", outcome: "applied", lateMs: 0 },
      150,
    );
    strictEqual(bench.tally.standingAt(node).inForce, 150);
    strictEqual(bench.tally.bans, 200);
    for (let at = 0; at < 200; at++) {
      await bench.do({
        ...{ at, jail: "sshd", node: "web1", deed: { kind: "lift" } },
      });
    }
    deepStrictEqual(bench.counted([node]), {
      ...{ bans: 0, waiting: 0 },
      ...{ inForce: 0, expected: 0, observed: 0 },
    });
  }
});
