/**
 * Finds out what listens at a publisher's URL: it looks up the name, connects,
 * and reads ZeroMQ's greeting.
 *
 * @see {@link https://rfc.zeromq.org/spec/23/ | ZMTP 3.0}
 * @module
 */

import { lookup } from "node:dns/promises";
import { endpointHost, endpointPort } from "../../base/endpoint_url.ts";
import type { SilenceCause } from "../silence.ts";

const GREETING_BYTES = 64;
const MECHANISM = { start: 12, end: 32 } as const;
/**
 * Signature and version 3.0. A peer that knows the version answers with the
 * rest of its greeting, including the mechanism; it would hang up if this
 * greeting named another mechanism.
 */
const OPENING = Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0);
/** Timeout of a probe, in milliseconds. */
const LOOK_MS = 2_000;

/**
 * Probes a URL, for 2 s at most.
 *
 * @param url A URL to connect to, from `parseEndpointUrl`.
 * @returns What listens there, or why there is no connection.
 */
export async function lookAtPublisher(url: string): Promise<SilenceCause> {
  const hostname = endpointHost(url);
  const port = endpointPort(url);
  if (hostname === undefined || port === undefined) {
    return await lookThrough({ transport: "unix", path: url.slice(6) });
  }
  try {
    await lookup(hostname);
  } catch (error) {
    return { kind: "lookup", code: codeOf(error) };
  }
  return await lookThrough({ hostname, port });
}

async function lookThrough(
  address: Deno.ConnectOptions | Deno.UnixConnectOptions,
): Promise<SilenceCause> {
  // A connection that succeeds after the timeout is closed then.
  const connecting = "path" in address
    ? Deno.connect(address)
    : Deno.connect(address);
  const ended = new AbortController();
  const timer = setTimeout(() => ended.abort(), LOOK_MS);
  const late = new Promise<undefined>((resolve) =>
    ended.signal.addEventListener("abort", () => resolve(undefined))
  );
  try {
    const connection = await Promise.race([connecting, late]);
    if (connection === undefined) {
      connecting.then((late) => late.close(), () => {});
      return {
        kind: "unreachable",
        reason: `none within ${LOOK_MS / 1_000} s`,
      };
    }
    using _connection = connection;
    return await readGreeting(connection, late);
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) {
      return { kind: "refused" };
    }
    if (!(error instanceof Error)) throw error;
    const reason = error.message.replace(/ \(os error \d+\).*$/s, "");
    return { kind: "unreachable", reason };
  } finally {
    clearTimeout(timer);
  }
}

async function readGreeting(
  connection: Deno.Conn,
  late: Promise<undefined>,
): Promise<SilenceCause> {
  const bytes = new Uint8Array(GREETING_BYTES);
  let length = 0;
  try {
    await connection.write(OPENING);
    while (length < GREETING_BYTES) {
      const count = await Promise.race([
        connection.read(bytes.subarray(length)),
        late,
      ]);
      if (count === undefined || count === null) return { kind: "stranger" };
      length += count;
    }
  } catch (error) {
    if (error instanceof Error) return { kind: "stranger" };
    throw error;
  }
  if (bytes[0] !== 0xff || bytes[9] !== 0x7f) return { kind: "stranger" };
  const mechanism = new TextDecoder()
    .decode(bytes.subarray(MECHANISM.start, MECHANISM.end))
    .replace(/\0+$/, "");
  return { kind: mechanism === "CURVE" ? "encrypted" : "plain" };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) throw error;
  return "code" in error ? String(error.code) : error.message;
}
