import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { banDrift } from "../../lib/monitor/ban_drift.ts";
import { keyOf } from "../../lib/ban/ban.ts";
import {
  decodeReportedBans,
  encodeReportedBans,
} from "../../lib/monitor/reported_bans_form.ts";
import {
  type KnownBan,
  ReportedBans,
} from "../../lib/monitor/reported_bans.ts";
import { address, jail } from "../support/values/core_values.ts";
import { EPOCH } from "../support/memory/memory_control.ts";
import { SSHD } from "../support/bench/drift_bench.ts";

const anyEnd = fc.oneof(
  fc.constant(Infinity),
  fc.integer({ min: 1, max: 9_000 }),
);

const anyKnown: fc.Arbitrary<KnownBan> = fc.record({
  jail: fc.constantFrom(SSHD, jail("web")),
  address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1").map(
    address,
  ),
  state: fc.constantFrom("reported", "lifted", "left"),
  endsMs: anyEnd,
  notedMs: fc.integer({ min: 0, max: 4_000 }),
  isListed: fc.boolean(),
});

const anyTicket = fc.record({
  jail: fc.constantFrom(SSHD, jail("web")),
  address: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1").map(
    address,
  ),
  beganMs: fc.integer({ min: 0, max: 4_000 }),
  endsMs: anyEnd,
});

Deno.test("banDrift() finds nothing once what it found was done, and nothing twice", () => {
  fc.assert(fc.property(
    fc.array(anyKnown),
    fc.uniqueArray(anyTicket, { selector: keyOf }),
    (bans, tickets) => {
      const nowMs = 5_000;
      const known = new ReportedBans({
        epoch: undefined,
        isSeeded: true,
        bans,
      });
      const list = {
        tickets,
        oddJails: new Set<string>(),
        isExact: true,
        covers: () => true,
      };
      const { missing, surplus, moved, over } = banDrift(known, list, nowMs);
      const keys = [...missing, ...surplus, ...moved, ...over].map(keyOf);
      strictEqual(new Set(keys).size, keys.length);
      for (const ticket of [...missing, ...moved]) {
        const { endsMs = Infinity } = ticket;
        known.note({ ...ticket, endsMs, state: "reported", notedMs: nowMs });
      }
      for (const ban of surplus) {
        known.note({ ...ban, state: "lifted", notedMs: nowMs });
      }
      for (const ban of over) known.forget(ban);
      const after = banDrift(known, list, nowMs);
      deepStrictEqual([after.missing, after.moved, after.surplus], [
        [],
        [],
        [],
      ]);
    },
  ));
});

Deno.test("what was reported is read as it was written, and nothing else is", () => {
  const anyHead = fc.record({
    epoch: fc.constantFrom(undefined, EPOCH),
    isSeeded: fc.boolean(),
  });
  fc.assert(fc.property(anyHead, fc.array(anyKnown), (head, bans) => {
    const known = { ...head, bans: bans.map((ban) => ({ ...ban })) };
    const text = encodeReportedBans(known);
    deepStrictEqual(decodeReportedBans(text), known);
    for (const cut of [0, 1, text.length >> 1, text.length - 1]) {
      throwsAny(() => decodeReportedBans(text.slice(0, cut)));
    }
  }));
});

function throwsAny(work: () => unknown): void {
  let hasThrown = false;
  try {
    work();
  } catch {
    hasThrown = true;
  }
  strictEqual(hasThrown, true);
}
