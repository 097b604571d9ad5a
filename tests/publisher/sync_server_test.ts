import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Change } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { Epoch, SessionId } from "../../lib/base/ids.ts";
import { bansOf } from "../../lib/ban/ban_columns.ts";
import type { PublisherMessage } from "../../lib/wire/v2_messages.ts";
import type { SyncQuestion } from "../../lib/wire/v2_messages.ts";
import { SyncServer } from "../../lib/publisher/sync_server.ts";
import { lifted, reported } from "../support/values/bans.ts";

const EPOCH = "e".repeat(32) as Epoch;
const OTHER_EPOCH = "f".repeat(32) as Epoch;
const ONE = "1" as SessionId;
const TWO = "2" as SessionId;

/** A table of so many bans, of which all but the first changes are kept. */
class Bench {
  readonly table = new BanTable();
  readonly history: Change[] = [];
  keptSince = 0;
  nowMs = 0;
  /** Whether the past can be told. */
  canTell = true;
  readonly desk: SyncServer;

  constructor(bans: number, expiresMs = Infinity) {
    const { table, history } = this;
    const keptSince = () => this.keptSince;
    this.desk = new SyncServer({
      source: {
        epoch: EPOCH,
        get seq() {
          return table.seq;
        },
        get size() {
          return table.size;
        },
        get keptSince() {
          return keptSince();
        },
        columns: (max) => table.columns(max),
        since: (seq, max) =>
          this.canTell
            ? history.filter((each) => each.seq > seq).slice(0, max)
            : undefined,
      },
      maxBans: 2,
      maxChanges: 3,
      manyChanges: 5,
    });
    for (let last = 1; last <= bans; last++) this.change(last, expiresMs);
  }

  change(last: number, expiresMs = Infinity): void {
    const change = reported(this.table.seq + 1, "web1", { last, expiresMs });
    this.history.push(change);
    this.table.apply(change);
  }

  ask(
    session: SessionId,
    since: number,
    { part = 0, epoch = EPOCH as Epoch | null } = {},
  ): string {
    const question: SyncQuestion = { epoch, since, part };
    return told(this.desk.answer(session, question, this.nowMs));
  }
}

/** An answer in words. */
function told(answer: PublisherMessage): string {
  switch (answer.kind) {
    case "CHANGES":
      strictEqual(answer.epoch, EPOCH);
      return `${answer.from}-${answer.to} of ${answer.seq}`;
    case "SNAPSHOT": {
      const lasts = [...bansOf(answer.block.columns)]
        .map(({ address }) => address.split(".")[3]);
      const end = answer.isLast ? " last" : "";
      return `at ${answer.seq} part ${answer.part}: ${lasts.join(" ")}${end}`;
    }
    default:
      return answer.kind;
  }
}

Deno.test("SyncServer tells the changes that a copy missed, a part at a time", () => {
  const bench = new Bench(5);
  strictEqual(bench.ask(ONE, 0), "0-3 of 5");
  strictEqual(bench.ask(ONE, 3), "3-5 of 5");
  strictEqual(bench.ask(ONE, 5), "5-5 of 5");
  strictEqual(bench.desk.readers, 0);
});

Deno.test("SyncServer gives a snapshot to who has none, has another, missed too much, or is ahead", () => {
  const bench = new Bench(1);
  strictEqual(bench.ask(ONE, 0, { epoch: null }), "at 1 part 0: 1 last");
  strictEqual(bench.ask(ONE, 0, { epoch: OTHER_EPOCH }), "at 1 part 0: 1 last");
  strictEqual(bench.ask(ONE, 9), "at 1 part 0: 1 last");
  for (let again = 0; again < 5; again++) bench.change(1);
  bench.nowMs += 5_000;
  strictEqual(bench.ask(ONE, 0), "at 6 part 0: 1 last", "six were missed");
  strictEqual(bench.ask(ONE, 1), "1-4 of 6");
  bench.keptSince = 2;
  bench.nowMs += 5_000;
  strictEqual(
    bench.ask(ONE, 1),
    "at 6 part 0: 1 last",
    "the past is forgotten",
  );
});

Deno.test("SyncServer gives a snapshot part by part, each again until the next is asked for", () => {
  const bench = new Bench(3);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 3 part 0: 1 2");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 3 part 1: 3 last");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 3 part 1: 3 last");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 2 }), "at 3 part 0: 1 2");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 2 }), "at 3 part 0: 1 2");
  strictEqual(bench.ask(TWO, 0, { epoch, part: 1 }), "at 3 part 0: 1 2");
});

Deno.test("SyncServer gives one part of an empty table", () => {
  strictEqual(new Bench(0).ask(ONE, 0, { epoch: null }), "at 0 part 0:  last");
});

Deno.test("SyncServer gives all readers of a moment the same parts, whatever changes meanwhile", () => {
  const bench = new Bench(3);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 3 part 0: 1 2");
  bench.change(4);
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 3 part 0: 1 2");
  const last = "at 3 part 1: 3 4 last";
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), last);
  bench.change(5);
  strictEqual(bench.ask(TWO, 0, { epoch, part: 1 }), last);
  bench.nowMs += 5_000;
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 5 part 0: 1 2");
});

Deno.test("SyncServer encodes a part once for all who ask for it", () => {
  const bench = new Bench(3);
  const question = { epoch: null, since: 0, part: 0 };
  const [first, second] = [ONE, TWO].map((session, at) =>
    bench.desk.answer(session, question, at * 1_000)
  );
  ok(first?.kind === "SNAPSHOT" && second?.kind === "SNAPSHOT");
  strictEqual(first.block.bytes, second.block.bytes);
  deepStrictEqual([first.nowMs, second.nowMs], [0, 1_000]);
});

Deno.test("SyncServer keeps no more than four snapshots, and has who read another begin again", () => {
  const bench = new Bench(3);
  const sessions = ["1", "2", "3", "4", "5"].map((id) => id as SessionId);
  for (const session of sessions) {
    strictEqual(bench.ask(session, 0, { epoch: null }), "at 3 part 0: 1 2");
    bench.nowMs += 5_000;
  }
  strictEqual(bench.desk.readers, 4);
  const part = 1;
  const answers = [sessions[1], sessions[0]].map((session = ONE) =>
    bench.ask(session, 0, { epoch: null, part })
  );
  deepStrictEqual(answers, ["at 3 part 1: 3 last", "at 3 part 0: 1 2"]);
});

Deno.test("SyncServer gives no old snapshot whose followers it can't tell", () => {
  const bench = new Bench(2);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 2 part 0: 1 2 last");
  for (let again = 0; again < 6; again++) bench.change(1);
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 8 part 0: 1 2 last");
});

Deno.test("SyncServer tells the ends of bans and the time that they are told by, and leaves out what is over", () => {
  const bench = new Bench(3, 10_000);
  const question = { epoch: null, since: 0 };
  bench.desk.answer(ONE, { ...question, part: 0 }, 0);
  const later = bench.desk.answer(ONE, { ...question, part: 1 }, 4_000.5);
  ok(later.kind === "SNAPSHOT");
  strictEqual(later.nowMs, 4_000);
  deepStrictEqual([...later.block.columns.expiresMs], [10_000]);
  bench.nowMs = 10_000;
  strictEqual(bench.ask(TWO, 0, { epoch: null }), "at 3 part 0:  last");
});

Deno.test("SyncServer makes no part of bans that are all over, but for the last", () => {
  const bench = new Bench(2, 10_000);
  for (const last of [3, 4, 5]) bench.change(last);
  bench.nowMs = 10_000;
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 5 part 0: 3 4");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 5 part 1: 5 last");
  bench.nowMs = 20_000;
  for (const last of [6, 7]) bench.change(last, 30_000);
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 7 part 0: 3 4");
  strictEqual(bench.ask(TWO, 0, { epoch, part: 1 }), "at 7 part 1: 5 6");
  bench.nowMs = 30_000;
  strictEqual(bench.ask(TWO, 0, { epoch, part: 2 }), "at 7 part 2:  last");
});

Deno.test("SyncServer ends a snapshot whose rest is gone meanwhile", () => {
  const bench = new Bench(3);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 3 part 0: 1 2");
  bench.table.apply(lifted(4, 3));
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 3 part 1:  last");
});

Deno.test("SyncServer forgets a session that left", () => {
  const bench = new Bench(3);
  bench.ask(ONE, 0, { epoch: null });
  strictEqual(bench.desk.readers, 1);
  bench.desk.leave(ONE);
  strictEqual(bench.desk.readers, 0);
});

Deno.test("SyncServer gives a snapshot where the past can't be told", () => {
  const bench = new Bench(1);
  bench.canTell = false;
  strictEqual(bench.ask(ONE, 0), "at 1 part 0: 1 last");
});

Deno.test("SyncServer forgets who has not asked on for a minute", () => {
  const bench = new Bench(3);
  bench.ask(ONE, 0, { epoch: null });
  bench.desk.tidy(60_000);
  strictEqual(bench.desk.readers, 1);
  bench.desk.tidy(60_001);
  strictEqual(bench.desk.readers, 0);
});
