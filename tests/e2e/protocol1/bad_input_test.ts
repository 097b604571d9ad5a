import { ok, strictEqual } from "node:assert/strict";
import { processUsage } from "../../support/host/process_usage.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { BAD, GOOD, TOKEN } from "../../support/values/bad_requests.ts";

Deno.test("the publisher answers NAK to what killed or fooled the original, and serves on", async (t) => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  await using client = new RawClient(cluster.replyUrl);
  for (const [what, body] of BAD) {
    await t.step(what, async () => {
      await client.request(...body);
      strictEqual(await client.reply(), "NAK");
    });
  }
  await client.request(bytes(GOOD));
  strictEqual(await client.reply(), "host-a|sshd|Ban|203.0.113.1");
  ok(!publisher.stderr.join("\n").includes(TOKEN), "a token was logged");
  strictEqual((await publisher.end()).code, 0);
});

Deno.test("the publisher hangs up on a frame of 64 MiB and serves others meanwhile", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  await using good = new RawClient(cluster.replyUrl);
  await using hostile = new RawClient(cluster.replyUrl);
  await good.request(bytes(GOOD));
  strictEqual(await good.reply(), "host-a|sshd|Ban|203.0.113.1");
  const beforeBytes = (await processUsage(publisher.pid)).residentBytes;
  await hostile.request(new Uint8Array(64 << 20));
  strictEqual(await hostile.reply(1_000), undefined);
  await good.request(bytes(GOOD));
  strictEqual(await good.reply(), "host-a|sshd|Ban|203.0.113.1");
  const grownBytes = (await processUsage(publisher.pid)).residentBytes -
    beforeBytes;
  ok(grownBytes < 32 << 20, `memory grew by ${grownBytes} bytes`);
});
