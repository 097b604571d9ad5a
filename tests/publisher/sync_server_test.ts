import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Ban, Change } from "../../lib/ban/ban.ts";
import { BanTable } from "../../lib/ban/ban_table.ts";
import type { Epoch, SessionId } from "../../lib/base/ids.ts";
import type { PublisherMessage, WireBan } from "../../lib/wire/v2_messages.ts";
import type { SyncQuestion } from "../../lib/wire/sync.ts";
import { SyncServer } from "../../lib/publisher/sync_server.ts";
import { reported } from "../support/values/bans.ts";

const EPOCH = "e".repeat(32) as Epoch;
const OTHER_EPOCH = "f".repeat(32) as Epoch;
const ONE = "1" as SessionId;
const TWO = "2" as SessionId;

function* inTwos(
  bans: Iterable<WireBan>,
): Generator<readonly WireBan[], void> {
  let part: WireBan[] = [];
  for (const ban of bans) {
    part.push(ban);
    if (part.length === 2) {
      yield part;
      part = [];
    }
  }
  if (part.length > 0) yield part;
}

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
        bans: (): Iterable<Ban> => table.bans(),
        since: (seq, max) =>
          this.canTell
            ? history.filter((each) => each.seq > seq).slice(0, max)
            : undefined,
      },
      split: inTwos,
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
      const lasts = answer.bans.map(({ address }) => address.split(".")[3]);
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
  strictEqual(bench.ask(ONE, 0, { epoch: null }), "at 1 part 0: 1");
  strictEqual(bench.ask(ONE, 0, { epoch: OTHER_EPOCH }), "at 1 part 0: 1");
  strictEqual(bench.ask(ONE, 9), "at 1 part 0: 1");
  for (let again = 0; again < 5; again++) bench.change(1);
  bench.nowMs += 2_000;
  strictEqual(bench.ask(ONE, 0), "at 6 part 0: 1", "six were missed");
  strictEqual(bench.ask(ONE, 1), "1-4 of 6");
  bench.keptSince = 2;
  bench.nowMs += 2_000;
  strictEqual(bench.ask(ONE, 1), "at 6 part 0: 1", "the past is forgotten");
});

Deno.test("SyncServer gives a snapshot part by part, each again until the next is asked for", () => {
  const bench = new Bench(3);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 3 part 0: 1 2");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 3 part 1: 3");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 3 part 1: 3");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 2 }), "at 3 part 2:  last");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 2 }), "at 3 part 2:  last");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 4 }), "at 3 part 0: 1 2");
  strictEqual(bench.ask(TWO, 0, { epoch, part: 1 }), "at 3 part 0: 1 2");
});

Deno.test("SyncServer gives one part of an empty table", () => {
  strictEqual(new Bench(0).ask(ONE, 0, { epoch: null }), "at 0 part 0:  last");
});

Deno.test("SyncServer gives all readers of a moment the same snapshot, whatever changes meanwhile", () => {
  const bench = new Bench(2);
  const epoch = null;
  bench.ask(ONE, 0, { epoch });
  bench.change(3);
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 2 part 0: 1 2");
  strictEqual(bench.ask(ONE, 0, { epoch, part: 1 }), "at 2 part 1:  last");
  bench.nowMs += 2_000;
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 3 part 0: 1 2");
});

Deno.test("SyncServer gives no old snapshot whose followers it can't tell", () => {
  const bench = new Bench(2);
  const epoch = null;
  strictEqual(bench.ask(ONE, 0, { epoch }), "at 2 part 0: 1 2");
  for (let again = 0; again < 6; again++) bench.change(1);
  strictEqual(bench.ask(TWO, 0, { epoch }), "at 8 part 0: 1 2");
});

Deno.test("SyncServer tells what remains of a ban when its part is asked for, and leaves out what is over", () => {
  const bench = new Bench(3, 10_000);
  const question = { epoch: null, since: 0 };
  bench.desk.answer(ONE, { ...question, part: 0 }, 0);
  const later = bench.desk.answer(ONE, { ...question, part: 1 }, 4_000);
  ok(later.kind === "SNAPSHOT");
  deepStrictEqual(
    later.bans.flatMap(({ reports }) =>
      reports.map((each) => each.remainingMs)
    ),
    [6_000],
  );
  bench.nowMs = 10_000;
  strictEqual(bench.ask(TWO, 0, { epoch: null }), "at 3 part 0:  last");
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
  strictEqual(bench.ask(ONE, 0), "at 1 part 0: 1");
});

Deno.test("SyncServer forgets who has not asked on for a minute", () => {
  const bench = new Bench(3);
  bench.ask(ONE, 0, { epoch: null });
  bench.desk.tidy(60_000);
  strictEqual(bench.desk.readers, 1);
  bench.desk.tidy(60_001);
  strictEqual(bench.desk.readers, 0);
});
