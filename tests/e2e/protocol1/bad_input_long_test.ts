import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { MAX_MESSAGE_BYTES, MAX_REQUEST_BYTES } from "../../../lib/wire/v1.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "../../support/values/bad_frames.ts";
import { processUsage } from "../../support/host/process_usage.ts";
import { bytes, RawClient } from "../../support/cluster/raw_client.ts";
import { heard } from "../../support/cluster/role_output.ts";
import { report } from "../../support/bench/tally.ts";
import { TestCluster } from "../../support/cluster/test_cluster.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { ZmqBench } from "../../support/bench/zmq_bench.ts";
import { ZmtpPeer } from "../../support/cluster/zmtp_peer.ts";
import { BAD, GOOD } from "../../support/values/bad_requests.ts";

/** What a frame of a request may hold, and one more. */
const OVERSIZED = MAX_REQUEST_BYTES + 1;
/** One of so many bad frames is longer than a frame may be. */
const OVERSIZED_EVERY = 20;
const MAX_GROWTH_BYTES = 24 << 20;
/** The log takes 10 lines of a kind in 10 s, and how many more there were; it tells 32 kinds apart. */
const MAX_LINES = 11;
const MAX_KINDS = 32;
const PERIOD_MS = 10_000;

function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length));
}

/** What a line of the log says, without what differs from one to the next. */
function kindOf(line: string): string {
  const [, text = line] = /: ([A-Z]+: .*)$/.exec(line) ?? [];
  return text.replace(/ (?!reason=)\w+=\S+/g, "");
}

Deno.test("the publisher survives 10,000 bad frames with flat memory", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("hub");
  const publisher = await cluster.start("publisher", "hub");
  const startMs = performance.now();
  await using client = new RawClient(cluster.replyUrl);
  const tell = async (index: number) => {
    if (index % OVERSIZED_EVERY === 0) {
      using peer = await ZmtpPeer.connect(cluster.replyUrl);
      await peer.send(bytes(""), randomBytes(OVERSIZED << (index % 8)));
      await peer.hungUp();
      return "hung up";
    }
    const kind = index % (BAD.length + 2);
    const body = BAD[kind]?.[1] ?? [randomBytes(kind % 2 === 0 ? 64 : 600)];
    await client.request(...body);
    return await client.reply() ?? "nothing";
  };
  const round = async (count: number) => {
    const answers = new Map<string, number>();
    for (let index = 0; index < count; index++) {
      const answer = await tell(index);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
    return Object.fromEntries(answers);
  };
  await round(1_000);
  const beforeBytes = (await processUsage(publisher.pid)).residentBytes;
  const answers = await round(10_000);
  const grownBytes = (await processUsage(publisher.pid)).residentBytes -
    beforeBytes;
  report("bad frames at the publisher", { ...answers, grownBytes });
  deepStrictEqual(answers, { "hung up": 500, "NAK": 9_500 });
  ok(grownBytes < MAX_GROWTH_BYTES, `memory grew by ${grownBytes} bytes`);
  await client.request(bytes(GOOD));
  strictEqual(await client.reply(), "host-a|sshd|Ban|203.0.113.1");
  const periods = 1 + (performance.now() - startMs) / PERIOD_MS;
  const lines = publisher.stderr.length;
  const kinds = new Set(publisher.stderr.map(kindOf)).size;
  report("its log", { lines, kinds, periods: Math.ceil(periods) });
  ok(kinds <= MAX_KINDS, `${kinds} kinds`);
  ok(lines <= MAX_LINES * kinds * Math.ceil(periods), `${lines} lines`);
});

/** Whatever is no broadcast, of a length that a broadcast may have. */
const BAD_BROADCASTS: readonly (readonly Uint8Array[])[] = [
  ...BAD_FIELDS.map(([message]) => [bytes(message)]),
  ...BAD_MESSAGES.map(([, body]) => body).filter((body) =>
    body.length > 0 && body.every(({ length }) => length <= MAX_MESSAGE_BYTES)
  ),
  [randomBytes(MAX_MESSAGE_BYTES)],
];

// Oversized ones cost it its connection: see the test of RenewedSocket.
Deno.test("the subscriber survives 10,000 bad broadcasts with flat memory", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-b");
  const subscriber = await cluster.start("subscriber", "host-b");
  await using bench = new ZmqBench();
  const broadcasts = bench.context.publisher(cluster.broadcastUrl, {
    maxMessageBytes: 1 << 20,
    sendQueueMessages: 100_000,
  });
  const send = (...body: Uint8Array[]) => broadcasts.send(body, bench.signal);
  let bans = 0;
  /** The subscriber is there, and has taken all that was sent before. */
  const hears = async () => {
    const ban = `host-a|sshd|Ban|198.51.100.${++bans}`;
    await waitUntil(async () => {
      await send(bytes(ban));
      return heard(subscriber).includes(ban);
    }, { what: ban, intervalMs: 20, timeoutMs: 20_000 });
  };
  const round = async (count: number) => {
    for (let index = 0; index < count; index++) {
      await send(...BAD_BROADCASTS[index % BAD_BROADCASTS.length] ?? []);
    }
    await hears();
  };
  const rejected = async () =>
    Number((await cluster.figures("subscriber", "host-b"))["rejected"]);
  await hears();
  await round(1_000);
  const before = await rejected();
  const { residentBytes } = await processUsage(subscriber.pid);
  await round(10_000);
  const figures = {
    rejected: await rejected() - before,
    grownBytes: (await processUsage(subscriber.pid)).residentBytes -
      residentBytes,
  };
  report("bad broadcasts at the subscriber", figures);
  strictEqual(figures.rejected, 10_000);
  ok(figures.grownBytes < MAX_GROWTH_BYTES);
  ok(subscriber.stderr.length < 500, "a flood of bad frames floods the log");
});
