/**
 * Many peers that connect to a port and send nothing, or invalid data. Prints
 * `open N` once all are connected, and at the end `hung up N LEAST MOST`: the
 * number of hang-ups by the other end, with the shortest and longest time in
 * milliseconds. A system short of resources may report a connection to the peer
 * only; such a peer ends by itself.
 *
 * usage: hostile_peers.ts MANNER URL COUNT
 *
 * @module
 */

import { deadline } from "../../host/deadline.ts";

/** A greeting of ZMTP 3.0 with the mechanism CURVE. */
const GREETING = new Uint8Array(64);
GREETING.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]);
GREETING.set(new TextEncoder().encode("CURVE"), 12);
/** A command and a message that announce 2 GiB in ZMTP 3. */
const HUGE_COMMAND = [0x06, 0, 0, 0, 0, 0x80, 0, 0, 0];
const HUGE_MESSAGE = [0x02, 0, 0, 0, 0, 0x80, 0, 0, 0];
/** The same in ZMTP 1, which has no greeting: length, then flags. */
const HUGE_UNVERSIONED = [0xff, 0, 0, 0, 0, 0x80, 0, 0, 0, 0];
const SLOW_MS = 100;
const PATIENCE_MS = deadline(700);
/** Number of concurrent connection attempts. */
const AT_ONCE = 200;

/** The data of each peer, by manner. */
const MANNERS: Readonly<Record<string, readonly number[]>> = {
  silent: [],
  greeting: [...GREETING],
  slow: [...GREETING],
  "slow handshake": [...GREETING, 0x04, 200, 5, ...bytes("HELLO")],
  "huge command": [...GREETING, ...HUGE_COMMAND],
  "huge message": [...GREETING, ...HUGE_MESSAGE],
  "huge unversioned": HUGE_UNVERSIONED,
};

const [manner = "", url = "", count = "0"] = Deno.args;
const sent = MANNERS[manner];
if (sent === undefined) throw new RangeError(`No manner is named "${manner}"`);
const { hostname, port } = new URL(url.replace(/^tcp/, "http"));
const stayedMs: number[] = [];
const peers: Promise<void>[] = [];
while (peers.length < Number(count)) {
  const left = Math.min(AT_ONCE, Number(count) - peers.length);
  const opened = await Promise.all(Array.from({ length: left }, open));
  for (const peer of opened) peers.push(stay(peer));
}
say(`open ${peers.length}`);
await Promise.all(peers);
const [least, most] = [Math.min(...stayedMs), Math.max(...stayedMs)];
say(`hung up ${stayedMs.length} ${least} ${most}`);

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function say(line: string): void {
  Deno.stdout.writeSync(bytes(`${line}\n`));
}

async function open(): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname, port: Number(port) });
}

/** Sends the data, and waits until the other end hangs up. */
async function stay(peer: Deno.TcpConn): Promise<void> {
  const startMs = performance.now();
  const ended = new AbortController();
  let isPatient = true;
  const timer = setTimeout(() => {
    isPatient = false;
    peer.close();
  }, PATIENCE_MS);
  const sending = send(peer, ended.signal);
  await waitForEnd(peer);
  ended.abort();
  await sending;
  if (!isPatient) return;
  clearTimeout(timer);
  stayedMs.push(Math.round(performance.now() - startMs));
  peer.close();
}

async function waitForEnd(peer: Deno.TcpConn): Promise<void> {
  await unlessGone(async () => {
    const buffer = new Uint8Array(256);
    while (await peer.read(buffer) !== null);
  });
}

async function send(peer: Deno.TcpConn, ended: AbortSignal): Promise<void> {
  const whole = Uint8Array.from(sent ?? []);
  const isSlow = manner.startsWith("slow");
  // A slow handshake starts with a fast greeting.
  const quick = !isSlow ? whole.length : manner === "slow" ? 0 : 64;
  await unlessGone(async () => {
    if (quick > 0) await peer.write(whole.subarray(0, quick));
    for (let at = quick; at < whole.length && !ended.aborted; at++) {
      await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
      if (!ended.aborted) await peer.write(whole.subarray(at, at + 1));
    }
  });
}

async function unlessGone(action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    const isGone = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.BrokenPipe ||
      // Its own timeout closed it.
      error instanceof Deno.errors.Interrupted ||
      error instanceof Deno.errors.BadResource;
    if (!isGone) throw error;
  }
}
