import { deepStrictEqual, ok } from "node:assert/strict";
import { SystemClock } from "../../../lib/async/io/system_clock.ts";
import { HandedConnection } from "../../../lib/front/handed_connection.ts";
import {
  connectInner,
  PublicListener,
} from "../../../lib/front/io/public_listener.ts";
import type { ByteConnection } from "../../../lib/front/ports.ts";
import { SharedRates } from "../../../lib/front/shared_rates.ts";
import { ZmtpPeer } from "../../support/cluster/zmtp_peer.ts";
import { ChildProcess } from "../../support/host/child_process.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { freePort } from "../../support/host/test_ports.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const ROUTER = new URL(
  "../../support/cluster/programs/unread_router.ts",
  import.meta.url,
);
/** More than libzmq reads at once, and than it takes before it holds back; less than a Unix socket holds. */
const MESSAGES = 400;
const BODY = new Uint8Array(100);
/** Nobody waits for it, and nobody is cut. */
const RATE = { perSecond: 1e9, burst: 1e9 };

/** An inner connection, and how many bytes were handed on over it. */
class CountedConnection implements ByteConnection {
  written = 0;
  readonly #inner: ByteConnection;

  constructor(inner: ByteConnection) {
    this.#inner = inner;
  }

  async read(buffer: Uint8Array<ArrayBuffer>): Promise<number> {
    return await this.#inner.read(buffer);
  }

  async write(bytes: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const isTaken = await this.#inner.write(bytes);
    this.written += bytes.length;
    return isTaken;
  }

  async closeWrite(): Promise<void> {
    await this.#inner.closeWrite();
  }

  close(): void {
    this.#inner.close();
  }
}

Deno.test("a peer that floods with PINGs among its messages and hangs up does not abort libzmq, which would answer them", async () => {
  await using dir = await TempDir.create();
  const path = dir.path("inner");
  const program = ["run", "-A", "--no-check", ROUTER.href];
  await using router = new ChildProcess({
    command: Deno.execPath(),
    args: [...program, path, `${MESSAGES}`],
  });
  await router.waitForLine(/^bound$/, 60_000);
  const url = `tcp://127.0.0.1:${freePort()}`;
  const listener = new PublicListener(url);
  const flooder = await ZmtpPeer.connect(url);
  const peer = await listener.accept();
  listener.close();
  ok(peer !== undefined && peer !== "gone");
  const inner = new CountedConnection(await connectInner(path));
  const handed = new HandedConnection({
    peer,
    limits: { handshakeBytes: undefined, rate: RATE, aboveRate: "wait" },
    rates: new SharedRates(RATE),
    toldRates: undefined,
    clock: new SystemClock(),
    turn: { isLong: false, next: () => Promise.resolve() },
    onTooMuch: () => {},
  });
  const running = handed.run(inner);
  for (let count = 0; count < MESSAGES; count++) {
    await flooder.ping();
    await flooder.send(BODY);
  }
  await waitUntil(() => inner.written >= flooder.written, {
    what: "the flood to be handed on",
  });
  flooder[Symbol.dispose]();
  await waitUntil(() => handed.isCut, { what: "the peer to be gone" });
  await router.closeInput();
  const { code, signal } = await router.ended;
  await running;
  deepStrictEqual(
    { code, signal, said: router.stdout.at(-1) },
    { code: 0, signal: null, said: `took ${MESSAGES}` },
  );
});
