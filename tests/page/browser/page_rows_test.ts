import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { BanRows, MAX_SHOWN } from "../../../page/ban_rows.ts";
import { isPlain, readSearch, typedNetwork } from "../../../page/search.ts";
import type { OperatorBan } from "../../../lib/wire/operator_bans.ts";
import { address, host, jail } from "../../support/values/core_values.ts";

function ban(
  text: string,
  change: number,
  endsMs: number | null = null,
): OperatorBan {
  return {
    ...{ address: address(text), jail: jail("sshd"), isPending: false, change },
    reports: [{ node: host("web1"), firstMs: change, lastMs: change, endsMs }],
    ...{ enforced: 0, expected: 0, observed: 0, missing: [] },
  };
}

const [A, B, C] = ["203.0.113.1", "203.0.113.2", "203.0.113.3"] as const;
const key = (text: string) => ({ address: address(text), jail: jail("sshd") });
const shown = (rows: BanRows) =>
  rows.shown.map(({ address }) => String(address));

Deno.test("what is older than what is known changes nothing", () => {
  const rows = new BanRows();
  rows.fill([ban(B, 5), ban(A, 2)], 2);
  rows.change({ to: 4, bans: [ban(A, 1)], gone: [key(B)] }, true);
  deepStrictEqual(shown(rows), [B, A]);
  strictEqual(rows.shown[1]?.change, 2);
  rows.change({ to: 6, bans: [ban(C, 6)], gone: [key(B)] }, true);
  deepStrictEqual(shown(rows), [C, A]);
  strictEqual(rows.matched, 2);
});

Deno.test("where something is searched for a ban that begins is not known to match", () => {
  const rows = new BanRows();
  rows.fill([ban(A, 1)], 1);
  rows.change({ to: 3, bans: [ban(B, 3)], gone: [] }, false);
  deepStrictEqual(shown(rows), [A]);
});

Deno.test("bans lapse by themselves, and the newest stay of many", () => {
  const rows = new BanRows();
  rows.fill([ban(A, 1, 1_000), ban(B, 2)], 2);
  rows.expire(1_000);
  deepStrictEqual(shown(rows), [B]);
  const many = Array.from(
    { length: MAX_SHOWN },
    (_, at) => ban(`198.51.100.${at}`, 10 + at),
  );
  rows.change({ to: 999, bans: many, gone: [] }, true);
  strictEqual(rows.shown.length, MAX_SHOWN);
  strictEqual(rows.matched, MAX_SHOWN + 1);
  strictEqual(shown(rows).includes(B), false);
});

Deno.test("what changes while a list is on its way is not lost by it", () => {
  const rows = new BanRows();
  rows.expectList();
  rows.change({ to: 7, bans: [ban(C, 6)], gone: [key(B)] }, true);
  rows.fill([ban(B, 5), ban(A, 2)], 2);
  deepStrictEqual(shown(rows), [C, A]);
  strictEqual(rows.matched, 2);
  rows.fill([ban(B, 8)], 1);
  deepStrictEqual(shown(rows), [B]);
});

Deno.test("where those shown end and others stand, a list is asked for", () => {
  const rows = new BanRows();
  const many = Array.from(
    { length: MAX_SHOWN },
    (_, at) => ban(`198.51.100.${at}`, 10 + at),
  );
  rows.fill(many, 200_000);
  strictEqual(rows.isShort, false);
  const gone = many.map(({ address, jail }) => ({ address, jail }));
  rows.change({ to: 999, bans: [], gone }, true);
  deepStrictEqual([rows.shown.length, rows.isShort], [0, true]);
  rows.count(0);
  deepStrictEqual([rows.matched, rows.isShort], [0, false]);
  rows.fill([ban(A, 1)], 1);
  rows.count(0);
  deepStrictEqual([rows.matched, rows.isShort], [1, false]);
});

Deno.test("readSearch() reads addresses as the publisher writes them, and says what it can't read", () => {
  const read = readSearch(
    "2001:DB8:0::1 jail:sshd node:web1 since:2h",
    7_300_000,
  );
  deepStrictEqual(read, {
    filter: {
      ...{ jail: "sshd", node: "web1", at: "2001:db8::1", within: null },
      ...{ sinceMs: 100_000, notEnforced: false },
    },
  });
  deepStrictEqual(readSearch("203.0.113.0/24", 0), {
    filter: {
      ...{ jail: null, node: null, at: null, within: "203.0.113.0/24" },
      ...{ sinceMs: null, notEnforced: false },
    },
  });
  for (const wrong of ["<script>", "since:x", "jail:", "1.2.3", "::1]/@x"]) {
    deepStrictEqual(readSearch(wrong, 0), { wrong });
  }
  const empty = readSearch(" ", 0);
  strictEqual("filter" in empty && isPlain(empty.filter), true);
  strictEqual(typedNetwork("203.0.113.300"), undefined);
  strictEqual(typedNetwork("1.2.3.4/32"), "1.2.3.4");
  strictEqual(typedNetwork("2001:db8:0:0::1/128"), "2001:db8::1");
  strictEqual(typedNetwork("1.2.3.4/24"), "1.2.3.4/24");
});
