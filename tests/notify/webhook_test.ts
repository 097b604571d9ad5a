import {
  deepStrictEqual,
  match,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { RuntimeError } from "../../lib/base/errors.ts";
import { NotTakenError } from "../../lib/notify/answer_trouble.ts";
import {
  TOLD_EVENTS,
  TOLD_KINDS,
  type ToldKind,
} from "../../lib/notify/told_event.ts";
import { MAX_WAITING_EVENTS, Webhook } from "../../lib/notify/webhook.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import { MemoryReceiver, TARGET } from "../support/memory/memory_receiver.ts";

class Running implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly receiver = new MemoryReceiver();
  readonly webhook: Webhook;
  readonly #stop = new AbortController();
  readonly #run: Promise<void>;

  constructor(
    options: { kinds?: readonly ToldKind[]; showsAddresses?: boolean } = {},
  ) {
    this.webhook = new Webhook({
      ...{ target: TARGET, asker: this.receiver, clock: this.clock },
      ...{ log: this.log, kinds: TOLD_KINDS, showsAddresses: false },
      teller: { node: "hub", program: "fail2ban-publisher", version: "0.2.0" },
      ...options,
    });
    this.#run = this.webhook.run(this.#stop.signal);
  }

  /** The events of each message. */
  get told(): unknown[][] {
    return this.receiver.messages.map(({ events }) => [...events as unknown[]]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort("stop");
    await rejects(this.#run, (reason) => reason === "stop");
  }
}

Deno.test("a Webhook sends what happens within a second in one message, and its form is as documented", async () => {
  await using running = new Running();
  const { webhook, clock, receiver } = running;
  webhook.note({ event: "fault", fault: "store", words: "the disk is full" });
  await clock.advance(500);
  webhook.note({ event: "node_silent", node: "db3", role: "monitor" });
  await clock.advance(500);
  deepStrictEqual(receiver.messages, [{
    text: "hub fail2ban-publisher: fault store: the disk is full\n" +
      "hub fail2ban-publisher: node silent db3 monitor",
    id: `${Date.UTC(2026, 10, 23, 20, 38, 55)}-1`,
    node: "hub",
    program: "fail2ban-publisher",
    version: "0.2.0",
    lost: 0,
    events: [
      {
        event: "fault",
        at: "2026-11-23T20:38:55.000Z",
        fault: "store",
        words: "the disk is full",
      },
      {
        event: "node_silent",
        at: "2026-11-23T20:38:55.500Z",
        node: "db3",
        role: "monitor",
      },
    ],
  }]);
});

Deno.test("a Webhook tells the chosen events only, and those no more often than every 10 s", async () => {
  await using running = new Running({ kinds: ["fault"] });
  const { webhook, clock } = running;
  for (const event of TOLD_KINDS) webhook.note({ event });
  for (let second = 0; second < 60; second++) {
    await clock.advance(1_000);
    webhook.note({ event: "fault" });
  }
  strictEqual(running.told.length, 6);
  ok(
    running.told.flat().every((it) =>
      (it as { event: string }).event === "fault"
    ),
  );
});

Deno.test("a Webhook sends a message again until it arrives, unchanged, and what happens meanwhile behind it", async () => {
  await using running = new Running();
  const { webhook, clock, receiver, log } = running;
  receiver.trouble = new RuntimeError("it answered 503", { hint: "wait" });
  webhook.note({ event: "started" });
  await clock.advance(3_600_000);
  webhook.note({ event: "fault", fault: "store" });
  ok(webhook.counters.failed > 10 && webhook.counters.failed < 30);
  strictEqual(new Set(receiver.asked.map(({ json }) => json)).size, 1);
  strictEqual(webhook.counters.waiting, 2);
  receiver.trouble = undefined;
  await clock.advance(320_000);
  deepStrictEqual(running.told.map((events) => events.length), [1, 1]);
  strictEqual(webhook.counters.waiting, 0);
  deepStrictEqual(log.events, [
    "the webhook's receiver takes no message",
    "the webhook's receiver takes messages again",
  ]);
});

Deno.test("a Webhook whose receiver hangs keeps 1,000 events, loses the oldest, and says so in the next message", async () => {
  await using running = new Running();
  const { webhook, clock, receiver } = running;
  receiver.trouble = new RuntimeError("down");
  webhook.note({ event: "started" });
  await clock.advance(1_000);
  for (let at = 0; at < MAX_WAITING_EVENTS + 7; at++) {
    webhook.note({ event: "operator", words: `${at}` });
  }
  receiver.trouble = undefined;
  await clock.advance(300_000);
  deepStrictEqual(webhook.counters.lost, 7);
  const [first, second, third] = receiver.messages;
  deepStrictEqual(
    [first, second, third].map((message) => message?.["lost"]),
    [0, 7, 0],
  );
  match(String(second?.["text"]), /operator: 7\n[^]*7 more were lost$/);
  strictEqual(running.told.flat().length, MAX_WAITING_EVENTS + 1);
  ok(running.told.every((events) => events.length <= 100));
});

Deno.test("a Webhook gives up a message that its receiver will not have, counts it, and goes on", async () => {
  await using running = new Running();
  const { webhook, clock, receiver } = running;
  receiver.trouble = new NotTakenError("it answered 400");
  webhook.note({ event: "started" });
  await clock.advance(1_000);
  receiver.trouble = undefined;
  webhook.note({ event: "fault" });
  await clock.advance(20_000);
  deepStrictEqual(running.told.length, 1);
  deepStrictEqual(receiver.messages[0]?.["lost"], 1);
  deepStrictEqual(webhook.counters, { ok: 1, failed: 1, lost: 1, waiting: 0 });
});

Deno.test("a Webhook tells no address, unless it is to", async () => {
  const words = "nftables: 3 of 5 bans are not in force: 203.0.113.7/32, " +
    "2001:db8::7 and ::ffff:198.51.100.9: exists (version 1.0.9)";
  for (const showsAddresses of [false, true]) {
    await using running = new Running({ showsAddresses });
    running.webhook.note({ event: "fault", words });
    await running.clock.advance(1_000);
    const sent = running.receiver.asked[0]?.json ?? "";
    strictEqual(/203\.0|2001|198\.51/.test(sent), showsAddresses);
    match(sent, /version 1\.0\.9/);
  }
});

Deno.test("every kind of event says what it is", () => {
  for (const about of Object.values(TOLD_EVENTS)) match(about, /^[A-Z].*\.$/);
});
