/**
 * Peers that flood a publisher, take nothing of it and hang up.
 *
 * @module
 */

import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import * as zmq from "zeromq";
import { hourBan } from "../values/node_events.ts";
import { HostileBench } from "./hostile_bench.ts";
import { ChildProcess } from "../host/child_process.ts";
import { processUsage } from "../host/process_usage.ts";
import { RawNode } from "../cluster/raw_node.ts";
import { report } from "./tally.ts";
import { waitUntil } from "../host/wait_until.ts";

const FLOODER = new URL(
  "../cluster/programs/hangup_flooder.ts",
  import.meta.url,
);
/** Bans in the table, so that an answer is long. */
const BANS = 10_000;
const BATCH = 1_000;
const MAX_RESIDENT_BYTES = 300 << 20;
const SUBSCRIPTIONS = 20_000;
const TOPIC_BYTES = 1_000;

async function fill(bench: HostileBench): Promise<void> {
  await using node = await RawNode.join(
    bench.zeromq,
    bench.cluster.controlUrl,
    bench.bad,
  );
  for (let from = 0; from < BANS; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, at) => {
      const index = from + at;
      const [high, middle, low] = [
        index >> 16,
        (index >> 8) & 255,
        index & 255,
      ];
      return hourBan(index, `203.${high}.${middle}.${low}`);
    });
    const answer = await node.events(...events);
    ok(answer.startsWith("accepted"), answer.slice(0, 100));
  }
}

/** Floods, and hangs up amid it each time; the last time it is killed. */
async function flood(
  bench: HostileBench,
  kind: string,
  pingMs: number,
  rounds: number,
): Promise<void> {
  const { cluster: { controlUrl, replyUrl }, bad } = bench;
  const url = kind === "protocol1" ? replyUrl : controlUrl;
  const options = [JSON.stringify(bad), `${pingMs}`, `${rounds}`];
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-check", FLOODER.href, kind, url, ...options],
  });
  await child.waitForLine(/^flooding$/, rounds * 10_000);
  child.signal("SIGKILL");
  strictEqual((await child.ended).signal, "SIGKILL", child.stderr.join("\n"));
}

/** Subscribes to more and more topics until the publisher cuts it, or takes all. */
async function subscribe(bench: HostileBench, url: string, isMember: boolean) {
  const { keys, publisherKey } = bench.bad;
  const before = await bench.saidTooMuch();
  const listener = new zmq.XSubscriber({
    ...{ linger: 0, sendTimeout: 0, sendHighWaterMark: 0 },
    ...(isMember
      ? {
        curvePublicKey: keys.publicKey,
        curveSecretKey: keys.secretKey,
        curveServerKey: publisherKey,
      }
      : {}),
  });
  listener.connect(url);
  for (let count = 0; count < SUBSCRIPTIONS; count++) {
    // ZMTP: 1 subscribes to the topic that follows.
    const topic = crypto.getRandomValues(new Uint8Array(1 + TOPIC_BYTES));
    topic[0] = 1;
    await listener.send(topic);
    // The good member is of this process, too.
    if (count % 50 === 0) await new Promise((done) => setTimeout(done, 0));
  }
  await waitUntil(async () => await bench.saidTooMuch() > before, {
    what: "the cut",
  });
  listener.close();
}

/**
 * Attacks a publisher, and checks that it lives on and that a good member loses
 * no report.
 *
 * @param rounds Number of attacks of each kind.
 */
export async function attackByHangingUp(
  t: Deno.TestContext,
  rounds: number,
): Promise<void> {
  await using bench = await HostileBench.create({ legacy: "on" });
  const { cluster, publisher, good } = bench;
  await fill(bench);
  for (const kind of ["sync", "hello", "junk", "protocol1"]) {
    for (const pingMs of [0, 200]) {
      const what = `${kind}, PING each ${pingMs} ms`;
      await t.step(what, async () => {
        await bench.attack(what, () => flood(bench, kind, pingMs, rounds));
        strictEqual(publisher.hasEnded, false, publisher.stderr.join("\n"));
      });
    }
  }
  await t.step(
    "20 MB of subscriptions, by a member and by anybody",
    async () => {
      for (const isMember of [true, false]) {
        const url = isMember ? cluster.streamUrl : cluster.broadcastUrl;
        await bench.attack(
          "subscriptions",
          () => subscribe(bench, url, isMember),
        );
      }
    },
  );
  await t.step("the good member lost nothing", async () => {
    const sent = await good.end();
    deepStrictEqual(good.odd, []);
    const { bans } = await cluster.figures("publisher", "hub");
    strictEqual(bans, BANS + sent);
    const { residentBytes } = await processUsage(publisher.pid);
    report("in the end", { residentMiB: residentBytes >> 20 });
    ok(residentBytes < MAX_RESIDENT_BYTES, `${residentBytes} bytes`);
    strictEqual((await publisher.end()).code, 0);
  });
}
