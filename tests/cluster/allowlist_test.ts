import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { EventId } from "../../lib/base/ids.ts";
import type { NodeEvent } from "../../lib/wire/v2_messages.ts";
import type { AllowedNetwork } from "../../lib/members/member.ts";
import { key } from "../support/values/bans.ts";
import { address } from "../support/values/core_values.ts";
import { listChanges, memberList } from "../support/cluster/members.ts";
import { MemoryCluster } from "../support/memory/memory_cluster.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";

function allowed(
  network: string,
  untilMs: number | null = null,
): AllowedNetwork {
  return { network: address(network), untilMs, note: "", addedMs: 0 };
}

function ban(name: string, last = 1): NodeEvent {
  const id = name.padStart(16, "0") as EventId;
  return { kind: "ban", id, ...key(last), remainingMs: 60_000, agoMs: 0 };
}

Deno.test("a node is told the allowlist with its welcome, and each change unasked; a covered report is refused", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher({ allowed: [allowed("192.0.2.7")] });
  const web1 = cluster.subscriber();
  await cluster.settle();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await monitor.events(ban("1"), ban("2", 7)), [
    "accepted",
    "refused allowlist",
  ]);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["ban web2 192.0.2.1"]);

  publisher.allow([allowed("192.0.2.0/24")]);
  await cluster.settle();
  deepStrictEqual(web1.told(), ["unban web2 192.0.2.1"]);
  deepStrictEqual(web1.allowlists.map(({ ignore }) => ignore), [
    ["192.0.2.7"],
    ["192.0.2.0/24"],
  ]);
  strictEqual(publisher.figures["allowed"], 1);
  strictEqual(publisher.figures["allowedLifted"], 1);
});

Deno.test("an entry that ends is told as a change, and its address may be banned again", async () => {
  await using cluster = new MemoryCluster();
  const untilMs = cluster.clock.nowMs() + 5_000;
  cluster.publisher({ allowed: [allowed("192.0.2.1", untilMs)] });
  const web1 = cluster.subscriber();
  await cluster.clock.advance(4_000);
  strictEqual(web1.allowlists.length, 1);
  await cluster.clock.advance(2_000);
  await cluster.settle();
  deepStrictEqual(web1.allowlists.at(-1)?.ignore, []);
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await monitor.events(ban("1")), ["accepted"]);
});

Deno.test("a list that got lost on its way is heard of in the heartbeats, and asked for", async () => {
  await using cluster = new MemoryCluster();
  const { publisher } = cluster.publisher();
  const web1 = cluster.subscriber();
  await cluster.clock.advance(2_000);
  cluster.network.says = ([, kind]) =>
    new TextDecoder().decode(kind) !== "IGNORE";
  publisher.allow([allowed("192.0.2.1")]);
  await cluster.settle();
  strictEqual(web1.allowlists.length, 1);
  await cluster.clock.advance(3_000);
  await cluster.settle();
  deepStrictEqual(web1.allowlists.map(({ ignore }) => ignore), [
    [],
    ["192.0.2.1"],
  ]);
  ok(web1.client.figures["following"]);
});

Deno.test("the list of members that is read anew brings its allowlist", async () => {
  await using cluster = new MemoryCluster();
  const list = { ...memberList(), allowed: [allowed("192.0.2.1")] };
  cluster.publisher({ service: { memberChanges: listChanges(list) } });
  await cluster.settle();
  const monitor = await NodeDialogue.begin(cluster, "web2", "monitor");
  deepStrictEqual(await monitor.events(ban("1")), ["refused allowlist"]);
});
