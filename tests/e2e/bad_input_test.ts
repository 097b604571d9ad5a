import { ok, strictEqual } from "node:assert/strict";
import { processUsage } from "../support/process_usage.ts";
import { bytes, RawClient } from "../support/raw_client.ts";
import { TestCluster } from "../support/test_cluster.ts";

const TOKEN = "a-token-for-tests";
const GOOD = `${TOKEN}|host-a|sshd|Ban|203.0.113.1`;

/** Bodies that killed or fooled the original, and those that should never pass. */
const BAD: readonly [what: string, body: Uint8Array[]][] = [
  ["an empty message", [bytes("")]],
  ["no message", []],
  ["one byte 0xff", [new Uint8Array([0xff])]],
  ["two bytes that are not UTF-8", [new Uint8Array([0xc3, 0x28])]],
  ["a two-part message", [bytes(GOOD), bytes(GOOD)]],
  ["a token and three fields", [bytes(`${TOKEN}|h|j|Ban`)]],
  ["an empty host", [bytes(`${TOKEN}||sshd|Ban|203.0.113.1`)]],
  ["no token", [bytes("host-a|sshd|Ban|203.0.113.1")]],
  ["another token", [bytes("wrong|host-a|sshd|Ban|203.0.113.1")]],
  ["an empty jail", [bytes(`${TOKEN}|host-a||Ban|203.0.113.1`)]],
  ["a jail with a bar", [bytes(`${TOKEN}|host-a|a|b|Ban|203.0.113.1`)]],
  ["a jail with a line end", [bytes(`${TOKEN}|host-a|sshd\n|Ban|203.0.113.1`)]],
  ["a jail that is a setting", [bytes(`${TOKEN}|h|logtarget|Ban|203.0.113.1`)]],
  ["address 1", [bytes(`${TOKEN}|host-a|sshd|Ban|1`)]],
  ["a command", [bytes(`${TOKEN}|host-a|sshd|Ban|1.2.3.4 ; reboot`)]],
  ["address 0.0.0.0", [bytes(`${TOKEN}|host-a|sshd|Ban|0.0.0.0`)]],
  ["prefix 0.0.0.0/0", [bytes(`${TOKEN}|host-a|sshd|Ban|0.0.0.0/0`)]],
  ["address ::1", [bytes(`${TOKEN}|host-a|sshd|Ban|::1`)]],
  ["address 127.0.0.1", [bytes(`${TOKEN}|host-a|sshd|Ban|127.0.0.1`)]],
  ["another action", [bytes(`${TOKEN}|host-a|sshd|Flush|203.0.113.1`)]],
];

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

Deno.test("the publisher survives 10,000 bad frames with flat memory", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  await using client = new RawClient(cluster.replyUrl);
  const round = async (count: number) => {
    let naks = 0;
    for (let index = 0; index < count; index++) {
      const kind = index % (BAD.length + 2);
      const body = BAD[kind]?.[1] ??
        [crypto.getRandomValues(new Uint8Array(kind % 2 === 0 ? 64 : 600))];
      await client.request(...body);
      if (await client.reply() === "NAK") naks++;
    }
    return naks;
  };
  await round(1_000);
  const beforeBytes = (await processUsage(publisher.pid)).residentBytes;
  strictEqual(await round(10_000), 10_000);
  const grownBytes = (await processUsage(publisher.pid)).residentBytes -
    beforeBytes;
  ok(grownBytes < 24 << 20, `memory grew by ${grownBytes} bytes`);
  await client.request(bytes(GOOD));
  strictEqual(await client.reply(), "host-a|sshd|Ban|203.0.113.1");
  ok(publisher.stderr.length < 200, "a flood of bad frames floods the log");
});
