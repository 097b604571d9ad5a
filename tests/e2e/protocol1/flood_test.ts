import { ok } from "node:assert/strict";
import * as zmq from "zeromq";
import { REPLY_LIMITS } from "../../../lib/front/front_limits.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const CONNECTIONS = 8;
const FLOOD_MS = 2_000;
/** Two frames with their heads. */
const REQUEST = ["", "a|b|c"];
const REQUEST_BYTES = 9;

/** Says as much as there is room for. */
async function flood(url: string): Promise<void> {
  const context = new zmq.Context({ blocky: false });
  const dealers = Array.from({ length: CONNECTIONS }, () => {
    const dealer = new zmq.Dealer({ context, linger: 0, sendTimeout: 0 });
    dealer.connect(url);
    return dealer;
  });
  const endMs = performance.now() + FLOOD_MS;
  while (performance.now() < endMs) {
    for (const dealer of dealers) await dealer.send(REQUEST).catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 0));
    for (let more = 0; more < 50; more++) {
      for (const dealer of dealers) await dealer.send(REQUEST).catch(() => {});
    }
  }
  for (const dealer of dealers) dealer.close();
}

Deno.test("many connections of an address by protocol 1 are heard no more than one may be", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  await cluster.start("publisher", "hub");
  const startMs = performance.now();
  const heard = async () => {
    const figures = await cluster.figures("publisher", "hub");
    return Number(figures["protocol1.received"]);
  };
  await flood(cluster.replyUrl);
  // What they said before they went is still heard.
  let before = -1;
  await waitUntil(async () => {
    const now = await heard();
    const isOver = now === before;
    before = now;
    return isOver;
  }, { what: "the end of it", intervalMs: 300 });
  const seconds = (performance.now() - startMs) / 1_000;
  const { rate: { perSecond, burst } } = REPLY_LIMITS.bytes;
  // What was read and waits is not cut off: a buffer for each.
  const mostBytes = burst + seconds * perSecond + CONNECTIONS * 16_384;
  const most = mostBytes / REQUEST_BYTES;
  const total = await heard();
  ok(total > most / 50, `${total} requests: no flood`);
  ok(total <= most, `${total} requests, and ${most} at the most`);
});
