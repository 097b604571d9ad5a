import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { NodeRole, SessionId } from "../../lib/base/ids.ts";
import {
  type ConnectedProgram,
  NodeMoves,
} from "../../lib/operators/node_moves.ts";
import type {
  MoveOutcome,
  PublisherMessage,
} from "../../lib/wire/v2_messages.ts";
import { host } from "../support/values/core_values.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";

const NEW = {
  controlUrl: "tcp://192.0.2.20:5681",
  streamUrl: "tcp://192.0.2.20:5682",
};
const { signal } = new AbortController();

function program(
  name: string,
  role: NodeRole,
  digit: string,
): ConnectedProgram {
  return { node: host(name), role, id: digit.repeat(32) as SessionId };
}

const WEB1 = [
  program("web1", "monitor", "1"),
  program("web1", "subscriber", "2"),
];
const WEB2 = [program("web2", "subscriber", "3")];

class Bench {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly said: PublisherMessage[] = [];
  readonly moves = new NodeMoves({
    clock: this.clock,
    log: this.log,
    say: (node, message) => {
      this.said.push(message);
      return [...WEB1, ...WEB2].filter((each) => each.node === node);
    },
  });

  tell() {
    const nodes = ["web1", "web2", "web3"].map(host);
    return this.moves.tell(nodes, NEW, 3_000, signal);
  }

  answer(
    from: ConnectedProgram | undefined,
    outcome: MoveOutcome,
    { order = 1, detail = "" } = {},
  ): void {
    if (from === undefined) return;
    const { id: session } = from;
    this.moves.note(from, { kind: "MOVED", session, order, outcome, detail });
  }
}

Deno.test("tell() gives what each program of each node said, and is over once all have", async () => {
  const bench = new Bench();
  const telling = bench.tell();
  deepStrictEqual(bench.said[0], { kind: "MOVE", order: 1, ...NEW });
  bench.answer(WEB2[0], "configured", { detail: "tcp://hub:5681" });
  bench.answer(WEB1[1], "known");
  // Another order, and a second answer, count for nothing.
  bench.answer(WEB1[0], "failed", { order: 2 });
  bench.answer(WEB1[1], "failed");
  await settled();
  bench.answer(WEB1[0], "taken");
  deepStrictEqual(
    (await telling).map(({ node, role, outcome, detail }) =>
      `${node} ${role} ${outcome} ${detail}`.trimEnd()
    ),
    [
      "web1 monitor taken",
      "web1 subscriber known",
      "web2 subscriber configured tcp://hub:5681",
      "web3 null away",
    ],
  );
});

Deno.test("tell() says who did not answer in time", async () => {
  const bench = new Bench();
  const telling = bench.tell();
  bench.answer(WEB1[0], "taken");
  await bench.clock.advance(3_000);
  deepStrictEqual((await telling).map(({ outcome }) => outcome), [
    ...["taken", "silent", "silent", "away"],
  ]);
});

Deno.test("whoever connects is told what was announced last, and one that can't follow is in the log once", () => {
  const bench = new Bench();
  strictEqual(bench.moves.greeting, undefined);
  bench.moves.announce(NEW);
  deepStrictEqual(bench.moves.greeting, { kind: "MOVE", order: 0, ...NEW });
  const complaints = () =>
    bench.log.records.filter(({ severity }) => severity === "warning").length;
  for (let times = 0; times < 3; times++) {
    bench.answer(WEB1[0], "known", { order: 0 });
    bench.answer(WEB2[0], "configured", { order: 0, detail: "tcp://hub:1" });
  }
  strictEqual(complaints(), 1);
  bench.moves.announce(NEW);
  bench.answer(WEB2[0], "configured", { order: 0, detail: "tcp://hub:1" });
  strictEqual(complaints(), 2);
});
