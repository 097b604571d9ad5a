import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BanHub } from "../../lib/ban/ban_hub.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import { SendQueue } from "../../lib/zmq/send_queue.ts";
import type { Frames } from "../../lib/zmq/ports.ts";
import { protocol1Events } from "../../lib/publisher/protocol1_events.ts";
import { Protocol1RequestServer } from "../../lib/publisher/protocol1_requests.ts";
import { runTogether } from "../../lib/async/tasks.ts";
import { tokenList } from "../../lib/publisher/protocol1_tokens.ts";
import { encodeBroadcast } from "../../lib/wire/v1.ts";
import { BAD_FIELDS, BAD_MESSAGES } from "../support/values/bad_frames.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryBanStore } from "../support/memory/memory_ban_store.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

const TOKEN = "s3cret-token";
const GOOD = "web-1|sshd|Ban|192.0.2.1";
const PROTECTION = { minPrefix4Bits: 24, minPrefix6Bits: 48 };

/** A server at work, between sockets in memory. */
class Bench implements AsyncDisposable {
  readonly replies = new MemorySocket();
  readonly broadcasts = new MemorySocket();
  readonly clock = new ManualClock();
  readonly log = new MemoryLog();
  readonly store = new MemoryBanStore();
  readonly stop = new AbortController();
  tokens = tokenList(TOKEN);
  readonly server: Protocol1RequestServer;
  readonly running: Promise<void>;

  constructor({ dryRun = false, isReadonly = false } = {}) {
    const { clock, log, store, stop } = this;
    const answers = new SendQueue(this.replies);
    const broadcasts = new SendQueue(this.broadcasts);
    const hub = new BanHub({
      store,
      clock,
      log,
      onKept: (kept) => {
        for (const event of kept.flatMap(protocol1Events)) {
          broadcasts.put([encodeBroadcast(event)]);
        }
      },
    });
    const keeping = { hub, answers, broadcasts, banTimeMs: 60_000 };
    this.server = new Protocol1RequestServer({
      socket: this.replies,
      keeping: dryRun ? undefined : keeping,
      clock,
      log,
      tokens: () => this.tokens,
      isReadonly,
      protection: () => PROTECTION,
    });
    this.running = runTogether(stop.signal, [
      (group) => hub.run(group),
      (group) => answers.run(group),
      (group) => broadcasts.run(group),
      (group) => this.server.run(group),
    ]);
  }

  /** What was answered, and what was broadcast. */
  get out(): { replies: string[]; broadcasts: string[] } {
    const read = ({ sent }: MemorySocket) =>
      sent.map((message) => texts(message).join());
    return { replies: read(this.replies), broadcasts: read(this.broadcasts) };
  }

  async ask(...messages: Frames[]): Promise<void> {
    for (const message of messages) this.replies.give(message);
    while (this.replies.unread > 0) await settled();
    for (let round = 0; round < 5; round++) await settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop.abort();
    await this.running;
  }
}

Deno.test("Protocol1RequestServer keeps, acknowledges and broadcasts, each to whom it concerns", async () => {
  await using bench = new Bench();
  await bench.ask(
    frames("client-a", "", `${TOKEN}|${GOOD}`),
    frames("client-b", "", `${TOKEN}|WEB-2|sshd|ban|2001:db8::1`),
    frames("client-b", "", `${TOKEN}|web-2|sshd|unban|2001:db8::1`),
  );
  deepStrictEqual(bench.out, {
    replies: [
      `client-a,,${GOOD}`,
      "client-b,,WEB-2|sshd|ban|2001:db8::1",
      "client-b,,web-2|sshd|unban|2001:db8::1",
    ],
    broadcasts: [
      GOOD,
      "WEB-2|sshd|Ban|2001:db8::1",
      "WEB-2|sshd|Unban|2001:db8::1",
    ],
  });
  strictEqual(bench.store.seq, 3);
  deepStrictEqual(bench.server.counters, {
    received: 3,
    relayed: 3,
    refused: 0,
    unanswerable: 0,
    unanswered: 0,
  });
  deepStrictEqual(bench.log.records[0], {
    severity: "notice",
    event: "relaying ban",
    fields: { node: "web-1", jail: "sshd", address: "192.0.2.1" },
  });
});

Deno.test("Protocol1RequestServer broadcasts a repeated ban once, and an unban of what it does not know", async () => {
  await using bench = new Bench();
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", `${TOKEN}|web-1|sshd|Unban|192.0.2.9`),
  );
  deepStrictEqual(bench.out.broadcasts, [GOOD, "web-1|sshd|Unban|192.0.2.9"]);
  strictEqual(bench.out.replies.length, 3);
});

Deno.test("Protocol1RequestServer answers nothing that could not be kept, and what comes later when it can", async () => {
  await using bench = new Bench();
  bench.store.failure = new RuntimeError("disk full", { hint: "" });
  await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
  deepStrictEqual(bench.out, { replies: [], broadcasts: [] });
  strictEqual(bench.server.counters.unanswered, 1);
  bench.store.failure = undefined;
  await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
  deepStrictEqual(bench.out, {
    replies: [`client,,${GOOD}`],
    broadcasts: [GOOD],
  });
});

Deno.test("Protocol1RequestServer answers a client in the order of its requests, whatever takes longer", async () => {
  await using bench = new Bench();
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", "nonsense"),
  );
  deepStrictEqual(bench.out.replies, [`client,,${GOOD}`, "client,,NAK"]);
});

Deno.test("Protocol1RequestServer answers NAK to all that it refuses, broadcasts none of it and serves on", async () => {
  await using bench = new Bench();
  const bad = [
    ...BAD_MESSAGES.map(([, body]) => body),
    ...BAD_FIELDS.map(([message]) => frames(`${TOKEN}|${message}`)),
    frames(`guess|${GOOD}`),
    frames(`${TOKEN}|web-1|sshd|Ban|127.0.0.1`),
    frames(`${TOKEN}|h|j|Ban`),
  ];
  await bench.ask(...bad.map((body) => [...frames("client", ""), ...body]));
  deepStrictEqual(bench.out, {
    replies: bad.map(() => "client,,NAK"),
    broadcasts: [],
  });
  strictEqual(bench.server.counters.refused, bad.length);
  await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
  strictEqual(bench.out.replies.at(-1), `client,,${GOOD}`);
  deepStrictEqual(bench.out.broadcasts, [GOOD]);
});

Deno.test("Protocol1RequestServer answers along the way that a request came", async () => {
  await using bench = new Bench();
  const hops = ["proxy-1", "proxy-2", "proxy-3", "client"];
  await bench.ask(frames(...hops, "", `${TOKEN}|${GOOD}`));
  strictEqual(bench.out.replies.at(-1), `${hops},,${GOOD}`);
});

Deno.test("Protocol1RequestServer answers nothing to a message without a return address", async () => {
  const tooManyHops = Array.from({ length: 10 }, (_, hop) => `proxy-${hop}`);
  await using bench = new Bench();
  await bench.ask(
    frames("client", `${TOKEN}|${GOOD}`),
    frames("", `${TOKEN}|${GOOD}`),
    frames("client"),
    [],
    frames(...tooManyHops, "", `${TOKEN}|${GOOD}`),
  );
  deepStrictEqual(bench.out, { replies: [], broadcasts: [] });
  strictEqual(bench.server.counters.unanswerable, 5);
});

Deno.test("Protocol1RequestServer takes no report where it is readonly, and says why, but for what it refuses anyway", async () => {
  await using bench = new Bench({ isReadonly: true });
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", `${TOKEN}|web-1|sshd|Unban|192.0.2.1`),
    frames("client", "", `guess|${GOOD}`),
  );
  deepStrictEqual(bench.out, {
    replies: ["client,,NAK", "client,,NAK", "client,,NAK"],
    broadcasts: [],
  });
  strictEqual(bench.store.seq, 0);
  const detail = "legacy is readonly: web-1 must join";
  deepStrictEqual(bench.log.records.map(({ fields }) => fields), [
    { reason: "readonly", detail },
    { reason: "readonly", detail },
    { reason: "token" },
  ]);
});

Deno.test("Protocol1RequestServer goes by the tokens that count now", async () => {
  await using bench = new Bench();
  bench.tokens = tokenList("another-token");
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", `another-token|${GOOD}`),
  );
  deepStrictEqual(bench.out.replies, ["client,,NAK", `client,,${GOOD}`]);
});

Deno.test("Protocol1RequestServer neither answers nor broadcasts in a dry run, but says what it would do", async () => {
  await using bench = new Bench({ dryRun: true });
  await bench.ask(
    frames("client", "", `${TOKEN}|${GOOD}`),
    frames("client", "", "nonsense"),
  );
  deepStrictEqual(bench.out, { replies: [], broadcasts: [] });
  deepStrictEqual(bench.log.events, ["would relay ban", "request refused"]);
  strictEqual(bench.server.counters.relayed, 0);
});

Deno.test("Protocol1RequestServer answers a flood of bad requests, and logs a handful of each kind", async () => {
  await using bench = new Bench();
  const flood = Array.from(
    { length: 1_000 },
    () => frames("client", "", "nonsense"),
  );
  const protectedBan = `${TOKEN}|web-1|sshd|Ban|127.0.0.1`;
  await bench.ask(...flood, frames("client", "", protectedBan));
  bench.stop.abort();
  await bench.running;
  strictEqual(bench.replies.sent.length, 1_001);
  deepStrictEqual(
    bench.log.records.slice(-2).map(({ fields }) => fields["reason"] ?? fields),
    ["protected", { of: "request refused", records: 990 }],
  );
  strictEqual(bench.log.records.length, 12);
});

Deno.test("Protocol1RequestServer ends at once when stopped, also while a send waits", async () => {
  for (const blocked of ["replies", "broadcasts", undefined] as const) {
    const bench = new Bench();
    if (blocked !== undefined) bench[blocked].blocked = true;
    await bench.ask(frames("client", "", `${TOKEN}|${GOOD}`));
    bench.stop.abort(new Error("stopped"));
    await bench.running;
  }
});

Deno.test("Protocol1RequestServer throws what its socket throws", async () => {
  const bench = new Bench();
  bench.replies.onSend = () => {
    throw new RuntimeError("gone");
  };
  const failing = rejects(bench.running, { message: "gone" });
  await bench.ask(frames("client", "", "nonsense"));
  await failing;
});

Deno.test("Protocol1RequestServer never logs a token, wherever in a message it stands", async () => {
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
