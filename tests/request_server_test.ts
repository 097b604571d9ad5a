import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { RuntimeError } from "../lib/errors.ts";
import type { Frames } from "../lib/ports.ts";
import {
  judgeRequest,
  Publisher,
  type PublisherOptions,
} from "../lib/publisher.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "./support/bad_frames.ts";
import { banEvent } from "./support/core_values.ts";
import { ManualClock, settled } from "./support/manual_clock.ts";
import { MemoryLog } from "./support/memory_log.ts";
import { frames, MemorySocket, texts } from "./support/memory_socket.ts";

const TOKEN = "s3cret-token";
const GOOD = "web-1|sshd|Ban|192.0.2.1";
const PROTECTION = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

/** A publisher at work, between sockets in memory. */
class Bench implements AsyncDisposable {
  readonly replies = new MemorySocket();
  readonly broadcasts = new MemorySocket();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly stop = new AbortController();
  readonly publisher: Publisher;
  readonly running: Promise<void>;
  /** What went out of either socket, in order. */
  readonly out: string[] = [];

  constructor(options: Partial<PublisherOptions> = {}) {
    this.replies.onSend = (message) => this.out.push(`reply ${texts(message)}`);
    this.broadcasts.onSend = (message) =>
      this.out.push(`broadcast ${texts(message)}`);
    const { replies, broadcasts, clock, log } = this;
    this.publisher = new Publisher({
      replies,
      broadcasts,
      clock,
      log,
      tokens: [TOKEN],
      protection: () => PROTECTION,
      dryRun: false,
      ...options,
    });
    this.running = this.publisher.run(this.stop.signal);
  }

  async ask(...messages: Frames[]): Promise<void> {
    for (const message of messages) this.replies.give(message);
    while (this.replies.unread > 0) await settled();
    await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

Deno.test("judgeRequest() relays a good report, and acknowledges it without its token", () => {
  const verdict = judgeRequest(
    frames(`${TOKEN}|${GOOD}`),
    ["other", TOKEN],
    PROTECTION,
  );
  deepStrictEqual(verdict, {
    kind: "relay",
    event: banEvent(GOOD),
    acknowledgement: new TextEncoder().encode(GOOD),
  });
});

Deno.test("judgeRequest() refuses what can't be read, for the reason that it can't", () => {
  for (const [what, message, reason] of BAD_MESSAGES) {
    const refused = { kind: "refuse", reason };
    deepStrictEqual(judgeRequest(message, [TOKEN], PROTECTION), refused, what);
    deepStrictEqual(judgeRequest(message, [], PROTECTION), refused, what);
  }
  for (const [message, reason] of BAD_FIELDS) {
    const refused = { kind: "refuse", reason };
    const request = frames(`${TOKEN}|${message}`);
    deepStrictEqual(
      judgeRequest(request, [TOKEN], PROTECTION),
      refused,
      message,
    );
  }
  const unauthorized = { kind: "refuse", reason: "token" };
  deepStrictEqual(
    judgeRequest(frames(`guess|${GOOD}`), [TOKEN], PROTECTION),
    unauthorized,
  );
});

Deno.test("judgeRequest() refuses bans of protected addresses, and says why", () => {
  const cases = [
    ["0.0.0.0", "unspecified (0.0.0.0/8)"],
    ["::1", "loopback (::1)"],
    ["127.0.0.53", "loopback (127.0.0.0/8)"],
    ["169.254.169.254", "link-local (169.254.0.0/16)"],
    ["192.0.0.0/16", "too-wide (/24)"],
    ["2001:db8::/32", "too-wide (/48)"],
  ];
  for (const [address, rule] of cases) {
    deepStrictEqual(
      judgeRequest(frames(`web-1|sshd|Ban|${address}`), [], PROTECTION),
      {
        kind: "refuse",
        reason: "protected",
        detail: `${address} from web-1: ${rule}`,
      },
    );
  }
});

Deno.test("judgeRequest() relays the unban of a protected address: it frees somebody", () => {
  const verdict = judgeRequest(
    frames("web-1|sshd|Unban|127.0.0.1"),
    [],
    PROTECTION,
  );
  strictEqual(verdict.kind, "relay");
});

Deno.test("Publisher broadcasts before it acknowledges, each to whom it concerns", async () => {
  await using bench = new Bench();
  await bench.ask(
    frames("client-a", "", `${TOKEN}|${GOOD}`),
    frames("client-b", "", `${TOKEN}|web-2|sshd|unban|2001:db8::1`),
  );
  deepStrictEqual(bench.out, [
    `broadcast ${GOOD}`,
    `reply client-a,,${GOOD}`,
    "broadcast web-2|sshd|Unban|2001:db8::1",
    "reply client-b,,web-2|sshd|unban|2001:db8::1",
  ]);
  deepStrictEqual(bench.publisher.counters, {
    received: 2,
    relayed: 2,
    refused: 0,
    unanswerable: 0,
  });
  deepStrictEqual(bench.log.records[0], {
    severity: "notice",
    event: "relaying ban",
    fields: { node: "web-1", jail: "sshd", address: "192.0.2.1" },
  });
});

Deno.test("Publisher acknowledges nothing that it could not broadcast", async () => {
  const bench = new Bench();
  bench.broadcasts.onSend = () => {
    throw new RuntimeError("no room");
  };
  const failing = rejects(bench.running, { message: "no room" });
  await bench.ask(frames("client-a", "", `${TOKEN}|${GOOD}`));
  await failing;
  deepStrictEqual(bench.replies.sent, []);
  strictEqual(bench.publisher.counters.relayed, 0);
});

Deno.test("Publisher answers NAK to all that it refuses, broadcasts none of it and serves on", async () => {
  await using bench = new Bench();
  const bad = [
    ...BAD_MESSAGES.map(([, body]) => body),
    ...BAD_FIELDS.map(([message]) => frames(`${TOKEN}|${message}`)),
    frames(`guess|${GOOD}`),
    frames(`${TOKEN}|web-1|sshd|Ban|127.0.0.1`),
    frames(`${TOKEN}|h|j|Ban`),
  ];
  await bench.ask(...bad.map((body) => [...frames("client", ""), ...body]));
  deepStrictEqual(bench.out, bad.map(() => "reply client,,NAK"));
  strictEqual(bench.publisher.counters.refused, bad.length);
  await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
  deepStrictEqual(bench.out.slice(-2), [
    `broadcast ${GOOD}`,
    `reply client,,${GOOD}`,
  ]);
});

Deno.test("Publisher answers along the way that a request came", async () => {
  await using bench = new Bench();
  const hops = ["proxy-1", "proxy-2", "proxy-3", "client"];
  await bench.ask(frames(...hops, "", `${TOKEN}|${GOOD}`));
  strictEqual(bench.out.at(-1), `reply ${hops},,${GOOD}`);
});

Deno.test("Publisher answers nothing to a message without a return address", async () => {
  const tooManyHops = Array.from({ length: 10 }, (_, hop) => `proxy-${hop}`);
  await using bench = new Bench();
  await bench.ask(
    frames("client", `${TOKEN}|${GOOD}`),
    frames("", `${TOKEN}|${GOOD}`),
    frames("client"),
    [],
    frames(...tooManyHops, "", `${TOKEN}|${GOOD}`),
  );
  deepStrictEqual(bench.out, []);
  strictEqual(bench.publisher.counters.unanswerable, 5);
});

Deno.test("Publisher neither answers nor broadcasts in a dry run, but says what it would do", async () => {
  await using bench = new Bench({ dryRun: true });
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", "nonsense"),
  );
  deepStrictEqual(bench.out, []);
  deepStrictEqual(bench.log.events, ["would relay ban", "request refused"]);
  strictEqual(bench.publisher.counters.relayed, 0);
});

Deno.test("Publisher answers a flood of bad requests, and logs a handful of them", async () => {
  await using bench = new Bench();
  const flood = Array.from(
    { length: 1_000 },
    () => frames("client", "", "nonsense"),
  );
  await bench.ask(...flood);
  bench.stop.abort();
  await bench.running;
  strictEqual(bench.replies.sent.length, 1_000);
  strictEqual(bench.log.records.length, 11);
  deepStrictEqual(bench.log.records.at(-1)?.fields, { records: 990 });
});

Deno.test("Publisher ends at once when stopped, also while a send waits", async () => {
  for (const blocked of ["replies", "broadcasts", undefined] as const) {
    const bench = new Bench();
    if (blocked !== undefined) bench[blocked].blocked = true;
    await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
    bench.stop.abort(new Error("stopped"));
    await bench.running;
  }
});

Deno.test("Publisher throws what its socket throws", async () => {
  const bench = new Bench();
  bench.replies.onSend = () => {
    throw new RuntimeError("gone");
  };
  const failing = rejects(bench.running, { message: "gone" });
  await bench.ask(frames("client", "", "nonsense"));
  await failing;
});

Deno.test("Publisher never logs a token, wherever in a message it stands", async () => {
  const piece = fc.constantFrom(
    TOKEN,
    TOKEN.slice(1),
    "|",
    "|",
    "web-1",
    "sshd",
    "Ban",
    "127.0.0.1",
    "",
    "\0",
  );
  const body = fc.array(piece, { maxLength: 10 }).map((pieces) =>
    pieces.join("")
  );
  const good = fc.constantFrom(
    `${TOKEN}|${GOOD}`,
    `${TOKEN}|web-1|sshd|Ban|::1`,
  );
  const envelope = fc.constantFrom(["client", ""], [TOKEN], []);
  await fc.assert(
    fc.asyncProperty(envelope, fc.oneof(body, good), async (head, text) => {
      await using bench = new Bench();
      await bench.ask(frames(...head, text));
      bench.stop.abort();
      await bench.running;
      ok(bench.log.records.length > 0);
      ok(!bench.log.text.includes(TOKEN));
    }),
    { numRuns: 200 },
  );
});
