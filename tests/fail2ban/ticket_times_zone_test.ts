import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { ListedTicket } from "../../lib/fail2ban/replies.ts";
import { zonesBehind } from "../../lib/fail2ban/ticket_times.ts";
import { testAddress } from "../support/fail2ban/fail2ban_lines.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";
import { address } from "../support/values/core_values.ts";

const BEGAN_MS = Date.UTC(2026, 10, 22, 14, 4, 14);
const QUARTER_MS = 900_000;
const HOUR_MS = 4 * QUARTER_MS;

/** Bans as a fail2ban lists them whose zone is so far behind. */
function listed(count: number, behindMs: number): ListedTicket[] {
  return Array.from({ length: count }, (_, at) => ({
    address: address(testAddress(at)),
    times: { madeAt: localTime(BEGAN_MS - behindMs), seconds: 600 },
  }));
}

Deno.test("zonesBehind() finds every zone of the world by the rows of bans, however many have none", () => {
  fc.assert(fc.property(
    fc.integer({ min: -56, max: 56 }),
    fc.integer({ min: 1, max: 600 }),
    fc.integer({ min: -400, max: 999 }),
    (quarters, every, partMs) => {
      const behindMs = quarters * QUARTER_MS;
      const tickets = listed(1_200, behindMs);
      deepStrictEqual(
        zonesBehind(
          tickets,
          (ticket) =>
            tickets.indexOf(ticket) % every === 0
              ? BEGAN_MS + partMs
              : undefined,
          7 * HOUR_MS,
        ),
        tickets.map(() => behindMs),
      );
    },
  ));
});

Deno.test("zonesBehind() goes by what was known before where no row is of a listed ban", () => {
  const tickets = listed(3, HOUR_MS);
  deepStrictEqual(zonesBehind(tickets, () => undefined, HOUR_MS), [
    HOUR_MS,
    HOUR_MS,
    HOUR_MS,
  ]);
  deepStrictEqual(zonesBehind(tickets, () => BEGAN_MS - 400_000, 0), [0, 0, 0]);
  deepStrictEqual(zonesBehind([], () => BEGAN_MS, 0), []);
});

Deno.test("zonesBehind() gives each ban the zone of its own time: summer time changes for one and not for the other", () => {
  const tickets = [...listed(2, HOUR_MS), ...listed(1, 2 * HOUR_MS)];
  deepStrictEqual(zonesBehind(tickets, () => BEGAN_MS, 0), [
    HOUR_MS,
    HOUR_MS,
    2 * HOUR_MS,
  ]);
});

Deno.test("zonesBehind() looks up a bounded number of rows", () => {
  let looks = 0;
  zonesBehind(listed(20_000, 0), () => {
    looks++;
    return BEGAN_MS;
  }, 0);
  deepStrictEqual(looks, 500);
});
