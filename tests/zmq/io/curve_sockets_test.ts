import {
  deepStrictEqual,
  match,
  rejects,
  strictEqual,
  throws,
} from "node:assert/strict";
import * as zmq from "zeromq";
import type { PublicKey } from "../../../lib/zmq/curve_key.ts";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import type { MessageSocket } from "../../../lib/zmq/ports.ts";
import type { ClientSecurity } from "../../../lib/zmq/socket_options.ts";
import { ZapServer } from "../../../lib/zmq/zap_server.ts";
import { newCurveKeys } from "../../support/values/curve_keys.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { frames, texts } from "../../support/memory/memory_socket.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";
import { isPending, ZmqBench } from "../../support/bench/zmq_bench.ts";

const LIMITS = { maxMessageBytes: 1_024 };
const SERVER = newCurveKeys();
const SECURITY = { secretKey: SERVER.secretKey, zapDomain: "cluster" };

/** A handler at work, and whom it admits. */
class CurveBench extends ZmqBench {
  readonly log = new MemoryLog();
  readonly members = new Set<PublicKey>();
  /** What was asked under, in order. */
  readonly domains: string[] = [];
  readonly server: ZapServer;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    super();
    this.server = new ZapServer({
      socket: this.context.zap(),
      judge: ({ domain, publicKey }) => {
        this.domains.push(domain);
        return {
          isAdmitted: publicKey !== undefined && this.members.has(publicKey),
        };
      },
      clock: new SystemClock(),
      log: this.log,
    });
    this.#running = this.server.run(this.#stop.signal).catch(() => {});
  }

  /** What a member has to connect with. */
  member(): ClientSecurity {
    const keys = newCurveKeys();
    this.members.add(keys.publicKey);
    return { keys, serverKey: SERVER.publicKey };
  }

  router() {
    return this.context.router("tcp://127.0.0.1:*", {
      ...LIMITS,
      security: SECURITY,
    });
  }

  async untilRefused(count = 1): Promise<void> {
    await waitUntil(() => this.server.counters.refused >= count, {
      what: "a refusal",
    });
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
    await super[Symbol.asyncDispose]();
  }
}

/** Whether a connection is refused: it has no peer to send to. */
async function isRefused(dealer: MessageSocket, ms = 500): Promise<boolean> {
  const stop = AbortSignal.timeout(ms);
  return await dealer.send(frames("hello"), stop).then(
    () => false,
    (error) => {
      if (error !== stop.reason) throw error;
      return true;
    },
  );
}

Deno.test("a member exchanges messages with a ROUTER that has a key", async () => {
  await using bench = new CurveBench();
  const router = bench.router();
  const security = bench.member();
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "a|b"), ["a|b"]);
  deepStrictEqual(bench.server.counters, {
    admitted: 1,
    refused: 0,
    malformed: 0,
  });
});

Deno.test("a member hears a PUB that has a key, and another hears nothing", async () => {
  await using bench = new CurveBench();
  const { context, signal } = bench;
  const publisher = context.publisher("tcp://127.0.0.1:*", {
    ...LIMITS,
    security: SECURITY,
  });
  const hear = (security?: ClientSecurity) =>
    context.subscriber(publisher.endpoint, "", { ...LIMITS, security });
  const deaf = hear({ ...bench.member(), keys: newCurveKeys() });
  const plain = hear();
  const member = hear(bench.member());
  await bench.untilRefused();
  await bench.untilHeard(publisher, member);
  await publisher.send(frames("secret"), signal);
  deepStrictEqual(texts(await bench.next(member)), ["secret"]);
  for (const socket of [deaf, plain]) {
    const stop = AbortSignal.timeout(300);
    strictEqual(
      await socket.receive(stop).catch((error) => error),
      stop.reason,
    );
  }
});

Deno.test("a key that is no member's is refused, and told with where it comes from", async () => {
  await using bench = new CurveBench();
  const router = bench.router();
  const security = { keys: newCurveKeys(), serverKey: SERVER.publicKey };
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  strictEqual(await isRefused(dealer), true);
  await bench.untilRefused();
  deepStrictEqual(bench.log.records[0]?.fields, {
    address: "127.0.0.1",
    key: security.keys.publicKey,
  });
});

Deno.test("a member that expects another publisher's key speaks to nobody", async () => {
  await using bench = new CurveBench();
  const router = bench.router();
  const security = {
    ...bench.member(),
    serverKey: newCurveKeys().publicKey,
  };
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  strictEqual(await isRefused(dealer), true);
  strictEqual(bench.server.counters.admitted, 0);
});

Deno.test("a member's key without its secret half is refused", async () => {
  await using bench = new CurveBench();
  const router = bench.router();
  const { keys, serverKey } = bench.member();
  const { secretKey } = newCurveKeys();
  const security = { keys: { ...keys, secretKey }, serverKey };
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  strictEqual(await isRefused(dealer), true);
  strictEqual(bench.server.counters.admitted, 0);
});

for (
  const [mechanism, options] of [
    ["NULL", {}],
    ["PLAIN", { plainUsername: "root", plainPassword: "secret" }],
    ["PLAIN that would be a server", { plainServer: true }],
  ] as const
) {
  Deno.test(`a peer with ${mechanism} is refused`, async () => {
    await using bench = new CurveBench();
    const router = bench.router();
    const peer = new zmq.Dealer({ ...options, sendTimeout: 0, linger: 0 });
    peer.connect(router.endpoint);
    await peer.send("hello");
    const stop = AbortSignal.timeout(500);
    const received = await router.receive(stop).catch((error) => error);
    strictEqual(received, stop.reason);
    strictEqual(bench.server.counters.admitted, 0);
    peer.close();
  });
}

Deno.test("without a handler nobody gets in", async () => {
  await using bench = new ZmqBench();
  const router = bench.context.router("tcp://127.0.0.1:*", {
    ...LIMITS,
    security: SECURITY,
  });
  const security = { keys: newCurveKeys(), serverKey: SERVER.publicKey };
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  strictEqual(await isRefused(dealer, 1_000), true);
});

Deno.test("a socket in the clear beside one with a key asks no handler", async () => {
  await using bench = new CurveBench();
  bench.router();
  deepStrictEqual(await bench.roundTrip(bench.pair(), "a"), ["a"]);
  strictEqual(bench.server.counters.admitted, 0);
});

Deno.test("a second handler in one context is refused", async () => {
  await using bench = new CurveBench();
  try {
    bench.context.zap();
  } catch (error) {
    match(String(error), /Address already in use/);
    return;
  }
  throw new Error("Nothing was thrown");
});

Deno.test("a peer that doesn't finish its handshake is disconnected in time", async () => {
  await using bench = new CurveBench();
  const connect = async (handshakeMs: number) => {
    const router = bench.context.router("tcp://127.0.0.1:*", {
      ...LIMITS,
      security: { ...SECURITY, handshakeMs },
    });
    const port = Number(/:(\d+)$/.exec(router.endpoint)?.[1]);
    return await Deno.connect({ hostname: "127.0.0.1", port });
  };
  const untilEnd = async (peer: Deno.TcpConn) => {
    const buffer = new Uint8Array(256);
    while (await peer.read(buffer) !== null);
  };
  // Another time is a hundred times as long: it is this one that ends it.
  const other = await connect(20_000);
  const later = untilEnd(other).catch(() => {});
  const beganMs = performance.now();
  using peer = await connect(200);
  await untilEnd(peer);
  const tookMs = performance.now() - beganMs;
  strictEqual(tookMs > 150, true, `${tookMs} ms`);
  strictEqual(await isPending(later), true);
  other.close();
  await later;
});

Deno.test("a member's frame may be as long as the bound, and a byte more ends its connection", async () => {
  await using bench = new CurveBench();
  const router = bench.router();
  const security = bench.member();
  const { maxMessageBytes } = LIMITS;
  const dealer = bench.context.dealer(router.endpoint, { ...LIMITS, security });
  const longest = "x".repeat(maxMessageBytes);
  deepStrictEqual(await bench.roundTrip({ router, dealer }, longest), [
    longest,
  ]);
  await dealer.send(frames(`${longest}x`), bench.signal);
  // It connects again, as libzmq does by itself; what was too long is gone.
  await waitUntil(() => bench.server.counters.admitted === 2, {
    what: "another connection",
  });
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "short"), [
    "short",
  ]);
});

Deno.test("an address that a socket is bound to besides is asked about under its own domain, and others stay as they are", async () => {
  await using bench = new CurveBench();
  await using folder = await TempDir.create();
  const router = bench.router();
  const first = bench.context.dealer(router.endpoint, {
    ...LIMITS,
    security: bench.member(),
  });
  deepStrictEqual(await bench.roundTrip({ router, dealer: first }, "a"), ["a"]);
  const url = `ipc://${folder.path("besides")}`;
  router.bindAlso(url, "besides");
  const second = bench.context.dealer(url, {
    ...LIMITS,
    security: bench.member(),
  });
  deepStrictEqual(await bench.roundTrip({ router, dealer: second }, "b"), [
    "b",
  ]);
  deepStrictEqual(await bench.roundTrip({ router, dealer: first }, "c"), ["c"]);
  deepStrictEqual(bench.domains, ["cluster", "besides"]);
  throws(() => router.bindAlso(`${url}/none`, "again"), /cannot listen on/);
});

Deno.test("an address that a socket is unbound from takes nobody any more, and others stay as they are", async () => {
  await using bench = new CurveBench();
  await using folder = await TempDir.create();
  const router = bench.router();
  const open = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const dealer = bench.context.dealer(router.endpoint, {
    ...LIMITS,
    security: bench.member(),
  });
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "a"), ["a"]);
  const before = open();
  const paths = Array.from({ length: 50 }, (_, at) => folder.path(`${at}`));
  for (const path of paths) router.bindAlso(`ipc://${path}`, path);
  strictEqual(open(), before + paths.length);
  for (const path of paths) router.unbind(`ipc://${path}`);
  await waitUntil(() => open() === before, { what: "their descriptors" });
  for (const path of paths) {
    await rejects(Deno.connect({ transport: "unix", path }));
  }
  deepStrictEqual(await bench.roundTrip({ router, dealer }, "b"), ["b"]);
  await router[Symbol.asyncDispose]();
  router.unbind(`ipc://${paths[0]}`);
});
