import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Change } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { Epoch } from "../../lib/base/ids.ts";

import {
  Replica,
  type ReplicaEffect,
  type TableMessage,
} from "../../lib/subscriber/replica.ts";
import { BanBlock } from "../../lib/ban/ban_block.ts";
import { wireChange } from "../../lib/wire/wire_times.ts";
import { banBy, reported, withdrawn } from "../support/values/bans.ts";

const EPOCH = "e".repeat(32) as Epoch;
const OTHER_EPOCH = "f".repeat(32) as Epoch;
const NOW_MS = 1_000;

/** Effects in words. */
function told(effects: readonly ReplicaEffect[]): string[] {
  return effects.map((effect) => {
    switch (effect.kind) {
      case "ask": {
        const { epoch, since, part } = effect.question;
        return `ask ${epoch?.[0] ?? "-"} ${since} ${part}`;
      }
      case "changed":
        return `changed ${effect.changes.map(({ seq }) => seq).join(" ")}`;
      case "part":
        return `part of ${effect.mark.seq}`;
      case "replaced":
        return `replaced ${effect.mark.seq}`;
    }
  });
}

/** Something happens to a copy. */
class Bench {
  readonly replica: Replica;

  /** @param seq A copy with one ban at that number; `undefined`: none. */
  constructor(seq?: number) {
    this.replica = new Replica(
      seq === undefined ? undefined : {
        ...{ epoch: EPOCH, seq, changes: [] },
        table: new BanTable([banBy({ web1: Infinity })], seq),
      },
    );
  }

  connect(): string[] {
    return told(this.replica.connected());
  }

  change(seq: number, epoch = EPOCH): string[] {
    return this.together(seq, seq, epoch);
  }

  /** Changes in one message, `last` among them. */
  together(first: number, last: number, epoch = EPOCH): string[] {
    const changes = Array.from(
      { length: last - first + 1 },
      (_, at) => reported(first + at, "web1", { last: (first + at) % 256 }),
    ).map((change) => wireChange(change, NOW_MS));
    return this.#hear({ kind: "C", epoch, changes });
  }

  beat(seq: number, epoch = EPOCH): string[] {
    return this.#hear({ kind: "H", epoch, seq, revision: 0 });
  }

  #hear(message: TableMessage): string[] {
    return told(this.replica.receive(message, NOW_MS));
  }

  changes(from: number, to: number, seq = to, epoch = EPOCH): string[] {
    const changes = Array.from(
      { length: to - from },
      (_, index): Change =>
        reported(from + index + 1, "web1", { last: from + index + 1 }),
    ).map((change) => wireChange(change, NOW_MS));
    return told(
      this.replica.answer(
        { kind: "CHANGES", epoch, from, to, seq, changes },
        NOW_MS,
      ),
    );
  }

  /** A part comes, and is taken. */
  snapshot(
    seq: number,
    part: number,
    { isLast = false, lasts = [1], epoch = EPOCH } = {},
  ): string[] {
    const bans = lasts.map((last) => banBy({ web1: Infinity }, { last }));
    const block = BanBlock.of(bans);
    const nowMs = NOW_MS;
    const effects = this.replica.answer(
      { kind: "SNAPSHOT", epoch, seq, part, isLast, nowMs, block },
      NOW_MS,
    );
    return told([...effects, ...this.replica.takePart()]);
  }
}

Deno.test("Replica ignores everything while it is apart", () => {
  const bench = new Bench(7);
  deepStrictEqual(bench.change(8), []);
  deepStrictEqual(bench.beat(9), []);
  deepStrictEqual(bench.changes(7, 8), []);
  deepStrictEqual(bench.snapshot(9, 0, { isLast: true }), []);
  strictEqual(bench.replica.seq, 7);
});

Deno.test("Replica asks since its number, takes the answer, and follows", () => {
  const bench = new Bench(7);
  deepStrictEqual(bench.connect(), ["ask e 7 0"]);
  deepStrictEqual(bench.changes(7, 9, 11), ["changed 8 9", "ask e 9 0"]);
  deepStrictEqual(bench.changes(9, 11), ["changed 10 11"]);
  ok(bench.replica.isFollowing);
  deepStrictEqual(bench.change(12), ["changed 12"]);
  deepStrictEqual(bench.beat(12), []);
});

Deno.test("Replica has what the stream told wait while it asks, and applies what follows", () => {
  const bench = new Bench(7);
  bench.connect();
  for (const seq of [8, 9, 10]) deepStrictEqual(bench.change(seq), []);
  deepStrictEqual(bench.beat(99), []);
  deepStrictEqual(bench.changes(7, 8), ["changed 8", "changed 9 10"]);
  strictEqual(bench.replica.seq, 10);
});

Deno.test("Replica asks again at a gap, a heartbeat with another number, and another epoch", () => {
  const cases: Record<string, (bench: Bench) => string[]> = {
    "a gap": (bench) => bench.change(9),
    "a heartbeat ahead": (bench) => bench.beat(8),
    "a heartbeat behind": (bench) => bench.beat(6),
    "another epoch's change": (bench) => bench.change(8, OTHER_EPOCH),
    "another epoch's heartbeat": (bench) => bench.beat(7, OTHER_EPOCH),
  };
  for (const [what, hear] of Object.entries(cases)) {
    const bench = new Bench(7);
    bench.connect();
    bench.changes(7, 7);
    deepStrictEqual(hear(bench), ["ask e 7 0"], what);
  }
});

Deno.test("Replica keeps the change that showed the gap", () => {
  const bench = new Bench(7);
  bench.connect();
  bench.changes(7, 7);
  bench.change(9);
  bench.change(10);
  deepStrictEqual(bench.changes(7, 8), ["changed 8", "changed 9 10"]);
  strictEqual(bench.replica.counters.gaps, 1);
});

Deno.test("Replica asks anew when what waited does not follow either", () => {
  const bench = new Bench(7);
  bench.connect();
  bench.change(12);
  deepStrictEqual(bench.changes(7, 8), ["changed 8", "ask e 8 0"]);
  deepStrictEqual(bench.changes(8, 11), ["changed 9 10 11", "changed 12"]);
});

Deno.test("Replica passes over what it has", () => {
  const bench = new Bench(7);
  bench.connect();
  bench.changes(7, 7);
  deepStrictEqual(bench.change(7), []);
  deepStrictEqual(bench.change(3), []);
  ok(bench.replica.isFollowing);
});

Deno.test("Replica asks for the next part before it takes the one that it has", () => {
  const bench = new Bench();
  bench.connect();
  const block = BanBlock.of([banBy({ web1: Infinity })]);
  const message = { kind: "SNAPSHOT", epoch: EPOCH, seq: 3, block } as const;
  const answer = (part: number, isLast: boolean) =>
    told(bench.replica.answer({ ...message, part, isLast, nowMs: 0 }, NOW_MS));
  deepStrictEqual(answer(0, false), ["ask - 0 1", "part of 3"]);
  deepStrictEqual(told(bench.replica.takePart()), []);
  deepStrictEqual(answer(1, true), ["part of 3"]);
  deepStrictEqual(told(bench.replica.takePart()), ["ask e 3 0", "replaced 3"]);
  deepStrictEqual(told(bench.replica.takePart()), []);
});

Deno.test("Replica takes what it lacks of changes that come together, once", () => {
  const bench = new Bench(7);
  bench.connect();
  bench.changes(7, 7);
  deepStrictEqual(bench.together(8, 10), ["changed 8 9 10"]);
  deepStrictEqual(bench.together(9, 12), ["changed 11 12"], "an overlap");
  deepStrictEqual(bench.together(8, 12), [], "all of it again");
  deepStrictEqual(bench.together(14, 15), ["ask e 12 0"], "a gap");
  deepStrictEqual(bench.together(16, 17), []);
  deepStrictEqual(bench.changes(12, 14), ["changed 13 14", "changed 15 16 17"]);
  strictEqual(bench.replica.counters.changes, 10);
  strictEqual(bench.replica.counters.gaps, 1);
});

Deno.test("Replica asks anew when too many changes wait, however few messages they came in", () => {
  const bench = new Bench(7);
  bench.connect();
  for (let first = 9; first < 100_009; first += 1_000) {
    bench.together(first, first + 999);
  }
  bench.change(100_009);
  deepStrictEqual(bench.changes(7, 8), ["changed 8", "ask e 8 0"]);
});

Deno.test("Replica takes a snapshot over when it is whole, and says what is new and what is gone", () => {
  const bench = new Bench(7);
  bench.connect();
  const epoch = OTHER_EPOCH;
  deepStrictEqual(
    bench.snapshot(3, 0, { epoch, lasts: [2] }),
    ["ask e 7 1", "part of 3"],
  );
  strictEqual(bench.replica.seq, 7, "not yet");
  bench.change(4, OTHER_EPOCH);
  const [nowMs, block] = [
    NOW_MS,
    BanBlock.of([banBy({ web1: 5 }, { last: 3 })]),
  ];
  bench.replica.answer({
    ...{ kind: "SNAPSHOT", epoch, seq: 3, part: 1, isLast: true },
    ...{ nowMs, block },
  }, NOW_MS + 100);
  const [ask, replaced] = bench.replica.takePart();
  deepStrictEqual(told(ask ? [ask] : []), ["ask f 3 0"]);
  ok(replaced?.kind === "replaced");
  const steps = [...replaced.steps];
  deepStrictEqual(
    steps.map(({ before, after }) =>
      `${before?.address ?? "-"} > ${after?.address ?? "-"}`
    ),
    ["- > 192.0.2.2", "- > 192.0.2.3", "192.0.2.1 > -"],
  );
  strictEqual(steps[1]?.after?.reports[0]?.expiresMs, 105, "in its own time");
  strictEqual(bench.replica.epoch, OTHER_EPOCH);
  deepStrictEqual(bench.changes(3, 3, 3, epoch), ["changed 4"]);
});

Deno.test("Replica begins a snapshot anew when the publisher does, and takes no part of another", () => {
  const bench = new Bench();
  deepStrictEqual(bench.connect(), ["ask - 0 0"]);
  bench.snapshot(3, 0);
  deepStrictEqual(bench.snapshot(3, 2), []);
  deepStrictEqual(bench.snapshot(4, 1), []);
  deepStrictEqual(bench.snapshot(3, 1, { epoch: OTHER_EPOCH }), []);
  deepStrictEqual(
    bench.snapshot(5, 0, { lasts: [4] }),
    ["ask - 0 1", "part of 5"],
  );
  deepStrictEqual(
    bench.snapshot(5, 1, { isLast: true, lasts: [] }),
    ["part of 5", "ask e 5 0", "replaced 5"],
  );
  strictEqual(bench.replica.size, 1);
});

Deno.test("Replica takes no changes that do not follow its number", () => {
  const bench = new Bench(7);
  bench.connect();
  deepStrictEqual(bench.changes(6, 9), []);
  deepStrictEqual(bench.changes(7, 9, 9, OTHER_EPOCH), []);
  deepStrictEqual(bench.changes(7, 8), ["changed 8"]);
});

Deno.test("Replica forgets what waited, and a snapshot under way, when the connection is lost", () => {
  const bench = new Bench();
  bench.connect();
  bench.snapshot(3, 0);
  bench.change(4);
  bench.replica.disconnected();
  deepStrictEqual(bench.connect(), ["ask - 0 0"]);
  deepStrictEqual(bench.snapshot(3, 1), []);
  deepStrictEqual(
    bench.snapshot(3, 0, { isLast: true }),
    ["part of 3", "ask e 3 0", "replaced 3"],
  );
});

Deno.test("Replica goes on from the changes that were stored after its blocks", () => {
  const replica = new Replica({
    ...{ epoch: EPOCH, seq: 1 },
    table: new BanTable([banBy({ web1: Infinity })], 1),
    changes: [reported(2, "web1", { last: 2 }), withdrawn(3)],
  });
  strictEqual(replica.seq, 3);
  deepStrictEqual([...replica.bans()].map(({ address }) => address), [
    "192.0.2.2",
  ]);
});

Deno.test("Replica lets bans end by themselves", () => {
  const replica = new Replica({
    ...{ epoch: EPOCH, seq: 1, changes: [] },
    table: new BanTable([banBy({ web1: 5_000 })], 1),
  });
  deepStrictEqual(replica.expire(4_000), []);
  strictEqual(replica.expire(5_000)[0]?.after, undefined);
  strictEqual(replica.size, 0);
  strictEqual(withdrawn(1).kind, "withdraw");
});

Deno.test("Replica applies nothing of another publisher that it heard before the answer", () => {
  const bench = new Bench(7);
  bench.connect();
  deepStrictEqual(bench.change(6, EPOCH), []);
  const epoch = OTHER_EPOCH;
  bench.snapshot(5, 0, { epoch, lasts: [2] });
  deepStrictEqual(
    bench.snapshot(5, 1, { epoch, isLast: true, lasts: [] }),
    ["part of 5", "ask f 5 0", "replaced 5"],
  );
  deepStrictEqual(bench.changes(5, 5, 5, epoch), []);
  strictEqual(bench.replica.seq, 5);
  deepStrictEqual(bench.change(6, epoch), ["changed 6"]);
});

Deno.test("Replica does not ask for ever after what no answer leads to", () => {
  const bench = new Bench(7);
  bench.connect();
  bench.change(101);
  deepStrictEqual(bench.changes(7, 7), ["ask e 7 0"]);
  deepStrictEqual(bench.changes(7, 7), ["ask e 7 0"]);
  deepStrictEqual(bench.changes(7, 7), []);
  ok(bench.replica.isFollowing);
});
