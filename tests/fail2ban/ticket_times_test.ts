import { deepStrictEqual } from "node:assert/strict";
import type { ListedTicket } from "../../lib/fail2ban/replies.ts";
import { ticketEnds } from "../../lib/fail2ban/ticket_times.ts";
import { address } from "../support/values/core_values.ts";
import { localTime } from "../support/memory/memory_fail2ban.ts";

const NOW_MS = Date.UTC(2026, 10, 23, 20, 38, 55);

function ticket(madeAtMs: number, seconds: number): ListedTicket {
  return {
    address: address("192.0.2.1"),
    times: { madeAt: localTime(madeAtMs), seconds },
  };
}

Deno.test("a ban ends when its time after it was made is over", () => {
  const tickets = [
    ticket(NOW_MS - 60_000, 600),
    ticket(NOW_MS, 86_400 * 365),
    ticket(NOW_MS - 60_000, Infinity),
  ];
  deepStrictEqual(ticketEnds(tickets, NOW_MS), [
    NOW_MS + 540_000,
    NOW_MS + 86_400_000 * 365,
    Infinity,
  ]);
});

Deno.test("no end is told where fail2ban tells no times", () => {
  const tickets = [{ address: address("192.0.2.1"), times: undefined }];
  deepStrictEqual(ticketEnds(tickets, NOW_MS), [undefined]);
  deepStrictEqual(ticketEnds([], NOW_MS), []);
});

const HOUR_MS = 3_600_000;

/** Bans that cannot be, by the clock that we know. */
const OTHER_CLOCKS: Readonly<Record<string, ListedTicket>> = {
  "made in the future": ticket(NOW_MS + HOUR_MS, 600),
  "ended already": ticket(NOW_MS - HOUR_MS, 600),
  "made for ever in the future": ticket(NOW_MS + HOUR_MS, Infinity),
  "made at no time": {
    address: address("192.0.2.1"),
    times: { madeAt: "2026-13-45 99:99:99", seconds: 600 },
  },
};

for (const [what, odd] of Object.entries(OTHER_CLOCKS)) {
  Deno.test(`where a ban was ${what}, fail2ban's clock is not ours and only permanent bans have an end`, () => {
    const isPermanent = odd.times?.seconds === Infinity;
    deepStrictEqual(
      ticketEnds(
        [ticket(NOW_MS, 600), ticket(NOW_MS, Infinity), odd],
        NOW_MS,
      ),
      [undefined, Infinity, isPermanent ? Infinity : undefined],
    );
  });
}

Deno.test("a ban that was made a moment ago, or ends just now, is no sign of another clock", () => {
  const tickets = [ticket(NOW_MS + 2_000, 600), ticket(NOW_MS - 630_000, 600)];
  deepStrictEqual(ticketEnds(tickets, NOW_MS), [
    NOW_MS + 602_000,
    NOW_MS - 30_000,
  ]);
});
