import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { NodeRole, PlaceId, SessionId } from "../../lib/base/ids.ts";
import type { Member } from "../../lib/members/member.ts";
import { NodeStates } from "../../lib/presence/node_states.ts";
import { member } from "../support/cluster/members.ts";
import { host, IDLE_MONITOR } from "../support/values/core_values.ts";

const HERE = { version: "0.1.0", place: "1".repeat(32) as PlaceId };
const SESSION = "a".repeat(32) as SessionId;

/** The states of some members. */
class StatesBench {
  members: readonly Member[];
  readonly aside = new Set<string>();
  states: NodeStates;

  constructor(...names: string[]) {
    this.members = names.map((name) => member(name));
    this.states = this.#make([]);
  }

  /** As when the publisher is started anew. */
  restart(atMs: number): void {
    this.states = this.#make(this.states.kept(), atMs);
  }

  welcome(name: string, role: NodeRole, atMs: number): void {
    this.states.noteWelcome(host(name), role, SESSION, HERE, atMs);
  }

  /** The states in words. */
  at(nowMs: number): string[] {
    return this.states.list(nowMs).map(({ node, state, seenMs, roles }) =>
      [node, state, seenMs ?? "-", ...roles.map(({ state }) => state)].join(" ")
    );
  }

  #make(kept: ReturnType<NodeStates["kept"]>, sinceMs = 0): NodeStates {
    return new NodeStates({
      ...{
        kept,
        sinceMs,
        silentAfterMs: 90_000,
        askAnswerMs: 3_000,
        seq: () => 7,
      },
      members: () => this.members,
      isAside: (node) => this.aside.has(node),
    });
  }
}

Deno.test("NodeStates gives every member, and the role that most needs a look counts", () => {
  const bench = new StatesBench("web1", "Web2", "web3", "web4");
  bench.welcome("web1", "monitor", 10);
  bench.welcome("web1", "subscriber", 95_000);
  bench.welcome("web2", "monitor", 20_000);
  bench.welcome("web2", "subscriber", 21_000);
  bench.states.noteBye(host("WEB2"), "subscriber", SESSION, 22_000);
  bench.welcome("web4", "monitor", 95_000);
  deepStrictEqual(bench.at(100_000), [
    "web1 silent 10 silent ok",
    "Web2 away 22000 ok away",
    "web3 never - never never",
    "web4 ok 95000 ok never",
  ]);
  bench.aside.add("web4");
  strictEqual(bench.at(100_000)[3], "web4 aside 95000 ok never");
});

Deno.test("NodeStates remembers over a restart who was there and who said BYE, and nobody else", () => {
  const bench = new StatesBench("web1", "web2", "web3");
  bench.welcome("web1", "monitor", 1_000);
  bench.welcome("web2", "monitor", 1_000);
  bench.states.noteBye(host("web2"), "monitor", SESSION, 2_000);
  bench.restart(500_000);
  deepStrictEqual(bench.at(500_000), [
    "web1 ok 1000 ok never",
    "web2 away 2000 away never",
    "web3 never - never never",
  ]);
  deepStrictEqual(bench.at(590_000)[0], "web1 silent 1000 silent never");
  bench.states.noteSign(host("web1"), "monitor", 600_000);
  deepStrictEqual(bench.at(600_000)[0], "web1 ok 600000 ok never");
});

Deno.test("NodeStates forgets who is no member any more, also when the name comes back", () => {
  const bench = new StatesBench("web1", "web2");
  bench.welcome("web1", "monitor", 1_000);
  bench.members = bench.members.slice(1);
  bench.states.forgetOthers();
  deepStrictEqual(bench.at(2_000), ["web2 never - never never"]);
  bench.members = [member("web1"), ...bench.members];
  deepStrictEqual(bench.at(2_000)[0], "web1 never - never never");
  deepStrictEqual(bench.states.kept(), []);
});

Deno.test("NodeStates takes no notice of a second host's age: a node that was cut and joined anew elsewhere is admitted", () => {
  const bench = new StatesBench("web1");
  const there = { version: "0.1.0", place: "2".repeat(32) as PlaceId };
  const greet = (nowMs: number) =>
    bench.states.greet(host("web1"), "monitor", there, nowMs).kind;
  bench.welcome("web1", "monitor", 1_000);
  strictEqual(greet(2_000), "twin");
  bench.states.noteCut(host("WEB1"));
  strictEqual(greet(2_001), "admitted");
  deepStrictEqual(bench.states.list(2_001)[0]?.roles[0]?.hasTwin, true);
});

Deno.test("NodeStates tells what a program told, until it is another one", () => {
  const bench = new StatesBench("web1");
  bench.welcome("web1", "monitor", 1_000);
  bench.states.noteCondition(host("web1"), "monitor", IDLE_MONITOR, 2_000);
  const role = () => bench.states.list(3_000)[0]?.roles[0];
  deepStrictEqual([role()?.condition, role()?.toldMs], [IDLE_MONITOR, 2_000]);
  bench.welcome("web1", "monitor", 2_500);
  deepStrictEqual([role()?.condition, role()?.toldMs], [undefined, undefined]);
});
