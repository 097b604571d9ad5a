import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { decodeZ85 } from "../../lib/zmq/z85.ts";
import { ZapServer } from "../../lib/zmq/zap_server.ts";
import { ManualClock, settled } from "../support/memory/manual_clock.ts";
import { MemoryLog } from "../support/memory/memory_log.ts";
import {
  frames,
  MemorySocket,
  texts,
} from "../support/memory/memory_socket.ts";

const MEMBER = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
const OTHER = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

/** A server at work, that knows one member. */
class ZapBench implements AsyncDisposable {
  readonly socket = new MemorySocket();
  readonly log = new MemoryLog();
  readonly server: ZapServer;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    this.server = new ZapServer({
      socket: this.socket,
      judge: ({ domain, publicKey }) => ({
        isAdmitted: domain === "cluster" && publicKey === MEMBER,
        address: domain === "handed-on" ? "::ffff:192.0.2.7" : undefined,
      }),
      clock: new ManualClock(),
      log: this.log,
    });
    this.#running = this.server.run(this.#stop.signal).catch(() => {});
  }

  /** Asks, and gives the code of the answer. */
  async ask(key: string, domain = "cluster"): Promise<string | undefined> {
    this.socket.give([
      ...frames("route", "", "1.0", "1", domain, "198.51.100.7", "", "CURVE"),
      decodeZ85(key) ?? new Uint8Array(),
    ]);
    await settled();
    return texts(this.socket.sent.at(-1) ?? [])[4];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("ZapServer lets members in, and nobody else", async () => {
  await using bench = new ZapBench();
  strictEqual(await bench.ask(MEMBER), "200");
  strictEqual(await bench.ask(OTHER), "400");
  strictEqual(await bench.ask(MEMBER, "another"), "400");
  strictEqual(texts(bench.socket.sent[0] ?? [])[0], "route");
  deepStrictEqual(bench.server.counters, {
    admitted: 1,
    refused: 2,
    malformed: 0,
  });
});

Deno.test("ZapServer says who was refused, and a flood of them in few lines", async () => {
  const log = await (async () => {
    await using bench = new ZapBench();
    for (let count = 0; count < 100; count++) await bench.ask(OTHER);
    return bench.log;
  })();
  strictEqual(log.records.length, 11);
  deepStrictEqual(log.records[0], {
    severity: "warning",
    event: "connection refused: not a member",
    fields: { address: "198.51.100.7", key: OTHER },
  });
  deepStrictEqual(log.records[10]?.fields, {
    of: "connection refused: not a member",
    records: 90,
  });
});

Deno.test("ZapServer names the real address of who was refused where it is told, not the one that libzmq sees", async () => {
  await using bench = new ZapBench();
  strictEqual(await bench.ask(OTHER, "handed-on"), "400");
  strictEqual(bench.log.records[0]?.fields?.["address"], "192.0.2.7");
});

Deno.test("ZapServer answers no question that is none, and goes on", async () => {
  await using bench = new ZapBench();
  for (const bad of [[], frames("route"), frames("route", "", "1.0", "1")]) {
    bench.socket.give(bad);
  }
  strictEqual(await bench.ask(MEMBER), "200");
  strictEqual(bench.socket.sent.length, 1);
  strictEqual(bench.server.counters.malformed, 3);
});
