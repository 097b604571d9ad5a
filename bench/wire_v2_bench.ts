/**
 * CPU time of encoding and decoding messages of protocol 2.
 *
 * @module
 */

import type { Ban } from "../lib/ban/ban.ts";
import { BanBlock, decodeBanBlock } from "../lib/ban/ban_block.ts";
import { MAX_BLOCK_BANS } from "../lib/ban/ban_block_rules.ts";
import type {
  NodeEvent,
  NodeMessage,
  WireChange,
} from "../lib/wire/v2_messages.ts";
import {
  decodeNodeMessage,
  decodePublisherMessage,
  decodeStreamMessage,
  encodeChanges,
  encodeNodeMessage,
  encodePublisherMessage,
  MAX_CONTROL_BYTES,
  parseEpoch,
  parseEventId,
  parseSessionId,
} from "../lib/wire/v2.ts";
import type { Frames } from "../lib/zmq/ports.ts";
import { address, host, jail } from "../tests/support/values/core_values.ts";
import { testAddress } from "../tests/support/fail2ban/fail2ban_lines.ts";
import { median, printTable } from "./figures.ts";
import { sized } from "./size.ts";

const RUNS = sized(7, 1);
const EVENTS_PER_RUN = sized(50_000, 2_000);
const BATCHES = [1, 500] as const;
const NOW_MS = 1_790_000_000_000;
const NOTHING = new Uint8Array();
const WANTED_PER_SECOND = 20_000;

const SESSION = made(parseSessionId("5e".repeat(16)));
const EPOCH = made(parseEpoch("e0".repeat(16)));
const JAILS = ["sshd", "postfix-sasl", "nginx-http-auth", "dovecot"].map(jail);

function made<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("Not a good value");
  return value;
}

/** Bans with an occasional unban; every fourth address is IPv6. */
function eventAt(index: number): NodeEvent {
  const id = made(parseEventId(index.toString(16).padStart(32, "0")));
  const text = index % 4 === 3
    ? `2001:db8::1:${(index % 65_535 + 1).toString(16)}`
    : testAddress(index % 65_536);
  const common = {
    id,
    jail: JAILS[index % JAILS.length] ?? jail("sshd"),
    address: address(text),
  };
  return index % 10 === 9
    ? { kind: "unban", ...common, why: "lifted" }
    : { kind: "ban", ...common, remainingMs: 600_000, agoMs: 0 };
}

function batchOf(length: number): NodeMessage {
  const events = Array.from({ length }, (_, index) => eventAt(index));
  return { kind: "EVENTS", session: SESSION, batch: 1, events };
}

/** Seconds per call: the median of several runs. */
function secondsOf(calls: number, call: () => unknown): number {
  const runs = Array.from({ length: RUNS }, () => {
    const startMs = performance.now();
    for (let index = 0; index < calls; index++) call();
    return (performance.now() - startMs) / 1_000 / calls;
  });
  return median(runs);
}

function row(what: string, seconds: number, items: number): string[] {
  const share = seconds / items * WANTED_PER_SECOND;
  return [
    what,
    `${Math.round(1 / seconds)} messages/s`,
    `${Math.round(items / seconds)} items/s`,
    `${(share * 100).toFixed(1)} % of a core at ${WANTED_PER_SECOND} items/s`,
  ];
}

function eventRows(length: number): string[][] {
  const message = batchOf(length);
  const frames = encodeNodeMessage(message);
  if (!decodeNodeMessage(frames).ok) throw new Error("EVENTS were refused");
  const calls = EVENTS_PER_RUN / length;
  const encoding = secondsOf(calls, () => encodeNodeMessage(message));
  const decoding = secondsOf(calls, () => decodeNodeMessage(frames));
  return [
    row(`encode EVENTS of ${length}`, encoding, length),
    row(`decode EVENTS of ${length}`, decoding, length),
  ];
}

function streamRows(count: number): string[][] {
  const changes = Array.from({ length: count }, (_, at) => changeAt(at));
  const messages = encodeChanges(EPOCH, changes);
  const decodeAll = () =>
    messages.every((each) => decodeStreamMessage(each).ok);
  if (!decodeAll()) throw new Error("Changes were refused");
  const calls = EVENTS_PER_RUN / count;
  const bytes = messages.reduce(
    (sum, [, body]) => sum + (body?.length ?? 0),
    0,
  );
  const encoding = secondsOf(calls, () => encodeChanges(EPOCH, changes));
  return [
    [
      ...row(`encode ${count} changes`, encoding, count),
      `${(bytes / count).toFixed(1)} bytes each`,
    ],
    row(`decode ${count} changes`, secondsOf(calls, decodeAll), count),
  ];
}

function changeAt(index: number): WireChange {
  const { jail, address } = eventAt(index);
  return {
    kind: "report",
    seq: 123_456 + index,
    agoMs: 1,
    jail,
    address,
    origin: host("web-1.example.net"),
    remainingMs: 600_000,
    isPending: false,
  };
}

function banAt(index: number): Ban {
  const { jail, address } = eventAt(index);
  const firstMs = NOW_MS - 1_000 * index;
  const report = {
    origin: host("web-1.example.net"),
    ...{ firstMs, lastMs: firstMs, expiresMs: NOW_MS + 600_000 + index },
  };
  return { jail, address, seq: index + 1, isPending: false, reports: [report] };
}

function snapshotRows(): string[][] {
  const bans = Array.from({ length: MAX_BLOCK_BANS }, (_, at) => banAt(at));
  const frames = () =>
    encodePublisherMessage({
      kind: "SNAPSHOT",
      epoch: EPOCH,
      seq: bans.length,
      part: 0,
      isLast: true,
      nowMs: NOW_MS,
      block: BanBlock.of(bans),
    });
  const encoded = frames();
  const decoded = decodePublisherMessage(encoded);
  if (!decoded.ok) throw new Error(`Bans were refused: ${decoded.reason}`);
  const bytes = encoded.reduce((sum, { length }) => sum + length, 0);
  const encoding = secondsOf(10, frames);
  const decoding = secondsOf(10, () => decodePublisherMessage(encoded));
  const making = secondsOf(10, () => decodeBanBlock(encoded[3] ?? NOTHING));
  const took = (seconds: number) =>
    `${(seconds * 1e6 / bans.length).toFixed(2)} us a ban`;
  return [
    ["encode a part of a snapshot", took(encoding), `${bans.length} bans`],
    ["decode a part of a snapshot", took(decoding), `${bytes} bytes`],
    ["decode its block to bans", took(making)],
  ];
}

/** Invalid bodies of 1 MiB that are as expensive as possible to decode. */
const BOMBS: readonly (readonly [string, (index: number) => string])[] = [
  ["deep arrays", () => "["],
  ["numbers", () => "0,"],
  ["empty objects", () => "{},"],
  ["a wide object", (index) => `"k${index}":0,`],
  ["objects of different members", (index) => `{"k${index}":0},`],
  ["different short texts", (index) => `"v${index}",`],
];

function bombFrames(open: string, unit: (index: number) => string): Frames {
  const close = open === "{" ? '"z":0}' : "0]";
  let body = open;
  for (let index = 0; body.length < MAX_CONTROL_BYTES - 32; index++) {
    body += unit(index);
  }
  const encoder = new TextEncoder();
  return ["F2B2", "EVENTS", body + close].map((text) => encoder.encode(text));
}

function bombRows(): string[][] {
  return BOMBS.map(([what, unit]) => {
    const frames = bombFrames(what === "a wide object" ? "{" : "[", unit);
    const seconds = secondsOf(1, () => decodeNodeMessage(frames));
    const decoded = decodeNodeMessage(frames);
    const verdict = decoded.ok ? "taken" : `refused: ${decoded.reason}`;
    return [what, `${(seconds * 1_000).toFixed(1)} ms`, verdict];
  });
}

/** Measures and prints. */
export function benchWireV2(): void {
  printTable(
    `protocol 2: encoding and decoding (median of ${RUNS} runs)`,
    [...BATCHES.flatMap(eventRows), ...BATCHES.flatMap(streamRows)],
  );
  printTable("protocol 2: snapshots", snapshotRows());
  printTable("protocol 2: hostile bodies of 1 MiB", bombRows());
}

if (import.meta.main) benchWireV2();
