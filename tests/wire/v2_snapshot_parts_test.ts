import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { WireBan } from "../../lib/wire/v2_messages.ts";
import {
  encodePublisherMessage,
  MAX_BANS_PER_PART,
  MAX_CONTROL_BYTES,
  MAX_REPORTS,
  MAX_SPAN_MS,
  parseEpoch,
  splitBans,
} from "../../lib/wire/v2.ts";
import { anyWireBan } from "../support/values/any_parts.ts";
import { address, host, jail } from "../support/values/core_values.ts";

const MOST = Number.MAX_SAFE_INTEGER;
const SHORT: WireBan = {
  jail: jail("j"),
  address: address("::"),
  seq: 1,
  isPending: true,
  reports: [{
    origin: host("h"),
    firstAgoMs: 0,
    lastAgoMs: 0,
    remainingMs: 0,
  }],
};

/** A ban at its longest, but for the number of its reports. */
function longBan(reports: number): WireBan {
  const label = "h".repeat(63);
  const rest = `${label}.${label}.${"h".repeat(61)}`;
  return {
    jail: jail("j".repeat(64)),
    address: address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe/127"),
    seq: MOST,
    isPending: false,
    reports: Array.from({ length: reports }, (_, index) => ({
      origin: host(`${String(index).padStart(63, "0")}.${rest}`),
      firstAgoMs: MAX_SPAN_MS,
      lastAgoMs: MAX_SPAN_MS,
      remainingMs: MAX_SPAN_MS,
    })),
  };
}

/** The length of a part's body, at the longest. */
function bodyBytes(bans: readonly WireBan[]): number {
  const epoch = parseEpoch("e0".repeat(16));
  ok(epoch);
  const [, , body] = encodePublisherMessage({
    kind: "SNAPSHOT",
    epoch,
    seq: MOST,
    part: 999_999,
    isLast: bans.length === 0,
    bans,
  });
  return body?.length ?? 0;
}

Deno.test("splitBans() makes one empty part of no bans", () => {
  deepStrictEqual([...splitBans([])], [[]]);
});

Deno.test("splitBans() fills a part with 2,000 bans when they are short", () => {
  const lengths = (count: number) =>
    [...splitBans(Array.from({ length: count }, () => SHORT))]
      .map(({ length }) => length);
  deepStrictEqual(lengths(1), [1]);
  deepStrictEqual(lengths(MAX_BANS_PER_PART), [MAX_BANS_PER_PART]);
  deepStrictEqual(lengths(MAX_BANS_PER_PART + 1), [MAX_BANS_PER_PART, 1]);
});

Deno.test("splitBans() puts in as many of the longest bans as fit in 1 MiB", () => {
  const ban = longBan(MAX_REPORTS);
  const parts = [...splitBans(Array.from({ length: 30 }, () => ban))];
  const one = bodyBytes([ban, ban]) - bodyBytes([ban]);
  for (const part of parts) ok(bodyBytes(part) <= MAX_CONTROL_BYTES);
  for (const part of parts.slice(0, -1)) {
    ok(bodyBytes(part) + one > MAX_CONTROL_BYTES - MAX_REPORTS * 16);
  }
  strictEqual(parts.flat().length, 30);
});

Deno.test("splitBans() takes no more bans than the part that is asked for needs", () => {
  let taken = 0;
  function* endless() {
    while (true) {
      taken++;
      yield SHORT;
    }
  }
  const { value } = splitBans(endless()).next();
  strictEqual(value?.length, MAX_BANS_PER_PART);
  strictEqual(taken, MAX_BANS_PER_PART + 1);
});

Deno.test("splitBans() keeps every ban, in order, in parts that can be sent", () => {
  const bans = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: anyWireBan(MOST) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 256 }).map(longBan) },
    ),
    { maxLength: 60 },
  );
  fc.assert(
    fc.property(bans, (bans) => {
      const parts = [...splitBans(bans)];
      deepStrictEqual(parts.flat(), bans);
      for (const part of parts) ok(bodyBytes(part) <= MAX_CONTROL_BYTES);
    }),
    { numRuns: 50 },
  );
});
