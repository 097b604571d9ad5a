import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MemoryCluster } from "../support/memory/memory_cluster.ts";
import { NodeDialogue } from "../support/bench/node_dialogue.ts";
import { hourBan } from "../support/values/node_events.ts";

/** A publisher that is sure, or not, to be the active one. */
function begin(cluster: MemoryCluster) {
  const lead = { isSure: false };
  const { publisher } = cluster.publisher({ mayGreet: () => lead.isSure });
  const greeted: string[] = [];
  const hello = (node: string) =>
    NodeDialogue.begin(cluster, node, "monitor").then(() => {
      greeted.push(node);
    });
  return { lead, publisher, greeted, hello };
}

Deno.test("a node that says HELLO to a publisher that is in doubt is answered as soon as that is sure, and need not say it again", async () => {
  await using cluster = new MemoryCluster();
  const { lead, publisher, greeted, hello } = begin(cluster);
  const welcome = hello("web1");
  await cluster.clock.advance(1_500);
  strictEqual(greeted.length, 0);
  lead.isSure = true;
  await cluster.clock.advance(50);
  strictEqual(greeted.length, 1);
  await welcome;
  await hello("web2");
  strictEqual(publisher.figures["sessions"], 2);
});

Deno.test("a node that says HELLO again, over another connection, has the session that it began last", async () => {
  await using cluster = new MemoryCluster();
  const { lead, greeted, hello } = begin(cluster);
  void hello("web1");
  await cluster.clock.advance(1_000);
  lead.isSure = true;
  const again = await NodeDialogue.begin(cluster, "web1", "monitor");
  await cluster.clock.advance(1_000);
  strictEqual(greeted.length, 0);
  deepStrictEqual(await again.events(hourBan(1)), ["accepted"]);
});

Deno.test("a node that has given up waiting meanwhile is not answered any more", async () => {
  await using cluster = new MemoryCluster();
  const { lead, publisher, greeted, hello } = begin(cluster);
  void hello("web1");
  await cluster.clock.advance(2_100);
  lead.isSure = true;
  await cluster.clock.advance(1_000);
  strictEqual(greeted.length, 0);
  strictEqual(publisher.figures["sessions"], 0);
});

Deno.test("nobody is answered by a publisher that has sent all nodes to another one", async () => {
  await using cluster = new MemoryCluster();
  const { lead, publisher, greeted, hello } = begin(cluster);
  void hello("web1");
  await cluster.clock.advance(100);
  lead.isSure = true;
  publisher.dismiss();
  await cluster.clock.advance(1_000);
  strictEqual(greeted.length, 0);
});
