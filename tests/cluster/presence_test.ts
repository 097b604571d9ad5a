import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { NodeRole, PlaceId } from "../../lib/base/ids.ts";
import type { LiveRole } from "../../lib/wire/operator_status.ts";
import type { Publisher } from "../../lib/publisher/publisher.ts";
import { member, memberList, OPEN_GATE } from "../support/cluster/members.ts";
import { host, IDLE_MONITOR, PLACE } from "../support/values/core_values.ts";
import { MemoryCluster } from "../support/memory/memory_cluster.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";

const SPEAKS = { from: 1, to: 1 };
const HERE = { speaks: SPEAKS, place: PLACE };
const THERE = { speaks: SPEAKS, place: "f".repeat(32) as PlaceId };

/** A publisher with two members. */
const OF_TWO = {
  service: {
    authenticator: {
      ...OPEN_GATE,
      list: memberList(member("web1"), member("web2")),
    },
  },
};

/** How a role of a node is, as an operator is told. */
async function roleOf(
  publisher: Publisher,
  name: string,
  role: NodeRole,
): Promise<LiveRole> {
  const { signal } = new AbortController();
  const answers = publisher.answer({ kind: "nodes" }, signal);
  const [answer] = await Array.fromAsync(answers);
  ok(answer?.kind === "nodes");
  const node = answer.nodes.find(({ node }) => node === name);
  const found = node?.roles.find((each) => each.role === role);
  ok(found);
  return found;
}

Deno.test("a subscriber that follows is ok without a word of a test, over a restart of the publisher too, and silent when it is cut off", async () => {
  await using cluster = new MemoryCluster();
  const { clock } = cluster;
  const first = cluster.publisher(OF_TWO);
  const web1 = cluster.subscriber();
  await cluster.settle();
  await clock.advance(5_000);
  const before = await roleOf(first.publisher, "web1", "subscriber");
  deepStrictEqual([before.state, before.lag], ["ok", 0]);
  ok(before.condition?.kind === "subscriber");
  strictEqual(before.condition.isFollowing, true);

  await clock.advance(600_000);
  strictEqual(
    (await roleOf(first.publisher, "web1", "subscriber")).state,
    "ok",
  );
  await first[Symbol.asyncDispose]();
  const second = cluster.publisher(OF_TWO);
  await clock.advance(31_000);
  const after = await roleOf(second.publisher, "web1", "subscriber");
  deepStrictEqual([after.state, after.lag], ["ok", 0]);
  ok(after.condition !== null, "it has told how it is");

  cluster.network.isCut = true;
  await clock.advance(59_000);
  const ago = (await roleOf(second.publisher, "web1", "subscriber")).seenAgoMs;
  await clock.advance(90_000 - (ago ?? 0) - 1);
  strictEqual(
    (await roleOf(second.publisher, "web1", "subscriber")).state,
    "ok",
  );
  await clock.advance(1);
  strictEqual(
    (await roleOf(second.publisher, "web1", "subscriber")).state,
    "silent",
  );
  // The same host comes back, and is no second one.
  cluster.network.isCut = false;
  await clock.advance(16_000);
  strictEqual(
    (await roleOf(second.publisher, "web1", "subscriber")).state,
    "ok",
  );
  ok(!web1.log.text.includes("another host"), web1.log.text);
});

Deno.test("a subscriber that is stopped is away at once, and stays so over a restart of the publisher", async () => {
  await using cluster = new MemoryCluster();
  const first = cluster.publisher(OF_TWO);
  const web1 = cluster.subscriber();
  await cluster.settle();
  await web1[Symbol.asyncDispose]();
  const state = async ({ publisher }: { readonly publisher: Publisher }) =>
    (await roleOf(publisher, "web1", "subscriber")).state;
  strictEqual(await state(first), "away");
  await first[Symbol.asyncDispose]();
  const second = cluster.publisher(OF_TWO);
  await cluster.clock.advance(100_000);
  strictEqual(await state(second), "away");
  strictEqual(
    (await roleOf(second.publisher, "web1", "monitor")).state,
    "never",
  );
});

Deno.test("BYE ends the session, and is answered", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher(OF_TWO);
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  const bye = { kind: "BYE", session: monitor.session } as const;
  strictEqual(await monitor.say(bye), "ACK");
  strictEqual(await monitor.say(bye), "ERROR session");
});

Deno.test("a STATE is of the role that says it, and is answered, so that who says nothing else knows that it is heard", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher(OF_TWO);
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  const subscriber = await NodeDialogue.begin(cluster, "web2", "subscriber");
  const state = { ...IDLE_MONITOR, unacknowledged: 7 };
  const { session } = monitor;
  strictEqual(await monitor.say({ kind: "STATE", session, state }), "HEARD");
  deepStrictEqual(
    (await roleOf(publisher, "web2", "monitor")).condition,
    state,
  );
  strictEqual(
    await subscriber.say({
      ...{ kind: "STATE", session: subscriber.session, state },
    }),
    "ERROR protocol",
  );
  strictEqual(
    (await roleOf(publisher, "web2", "subscriber")).condition,
    null,
  );
});

Deno.test("a peer that speaks nothing in common is told what is spoken here, and the log what it speaks", async () => {
  await using cluster = new MemoryCluster();
  const log = new MemoryLog();
  cluster.publisher({ ...OF_TWO, log });
  const speaks = { from: 2, to: 9 };
  strictEqual(
    await NodeDialogue.refusal(cluster, "web2", "monitor", "", {
      ...HERE,
      speaks,
    }),
    "ERROR version",
  );
  match(
    log.text,
    /it speaks revision 1 of protocol 2, and web2's 1\.0\.0 revisions 2 to 9: update the older one/,
  );
  await NodeDialogue.begin(cluster, "web2", "monitor", "", {
    ...HERE,
    speaks: { from: 1, to: 9 },
  });
});

Deno.test("a second host is refused for as long as the first answers, and admitted seconds after that is gone", async () => {
  await using cluster = new MemoryCluster();
  const { clock } = cluster;
  const { publisher } = cluster.publisher(OF_TWO);
  const first = await NodeDialogue.begin(cluster, "web2", "monitor", "", HERE);
  const second = () =>
    NodeDialogue.refusal(cluster, "web2", "monitor", "", THERE);
  for (let round = 0; round < 3; round++) {
    strictEqual(await second(), "ERROR twin");
    strictEqual((await first.next()).kind, "ASK");
    const { session } = first;
    const told = { kind: "STATE", session, state: IDLE_MONITOR } as const;
    strictEqual(await first.say(told), "HEARD");
    await clock.advance(5_000);
  }
  strictEqual((await roleOf(publisher, "web2", "monitor")).hasTwin, true);
  // Another program of that host is none of its business.
  await NodeDialogue.begin(cluster, "web2", "subscriber", "", THERE);

  strictEqual(await second(), "ERROR twin");
  strictEqual((await first.next()).kind, "ASK");
  await clock.advance(5_000);
  strictEqual(await second(), "WELCOME");
  deepStrictEqual(
    await first.say({ kind: "BYE", session: first.session }),
    "ERROR session",
  );
});

Deno.test("a host that was killed is admitted at once, as often as it is started", async () => {
  await using cluster = new MemoryCluster();
  cluster.publisher(OF_TWO);
  for (let round = 0; round < 20; round++) {
    await NodeDialogue.begin(cluster, "web2", "monitor", "", HERE);
  }
});

Deno.test("what is kept of who was there is bounded by the members", async () => {
  await using cluster = new MemoryCluster();
  const program = cluster.publisher(OF_TWO);
  for (let round = 0; round < 50; round++) {
    await NodeDialogue.begin(cluster, "WEB2", "monitor", "", HERE);
    await NodeDialogue.begin(cluster, "web2", "subscriber", "", HERE);
  }
  await program[Symbol.asyncDispose]();
  deepStrictEqual(
    cluster.store.records.presences().map(({ node, role }) => [node, role]),
    [[host("web2"), "monitor"], [host("web2"), "subscriber"]],
  );
});
