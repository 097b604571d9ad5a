import { deepStrictEqual } from "node:assert/strict";
import type { Ban } from "../../lib/ban/ban.ts";
import { updatesOf, updatesOfAll } from "../../lib/subscriber/ban_updates.ts";
import { banBy } from "../support/values/bans.ts";
import { host } from "../support/values/core_values.ts";

const HERE = host("Web1");

/** What is to be done, in words. */
function news(before: Ban | undefined, after: Ban | undefined): string[] {
  return updatesOf({ before, after }, HERE).map(({ kind, origin, expiresMs }) =>
    kind === "ban" ? `ban ${origin} ${expiresMs}` : `unban ${origin}`
  );
}

Deno.test("updatesOf() leaves a host's own reports to its own fail2ban", () => {
  const own = banBy({ web1: 9_000 });
  const both = banBy({ web1: 9_000, web2: 5_000 });
  deepStrictEqual(news(undefined, own), []);
  deepStrictEqual(news(own, both), ["ban web2 5000"]);
  deepStrictEqual(news(both, own), ["unban web2"]);
  deepStrictEqual(news(own, undefined), []);
});

Deno.test("updatesOf() follows a ban from its first report to its last", () => {
  const one = banBy({ web2: 5_000 });
  const later = banBy({ web2: 8_000 });
  const two = banBy({ web2: 5_000, db1: 9_000 });
  const other = banBy({ db1: 9_000 });
  deepStrictEqual(news(undefined, one), ["ban web2 5000"]);
  deepStrictEqual(news(one, one), []);
  deepStrictEqual(news(one, later), ["ban web2 8000"]);
  deepStrictEqual(news(one, two), ["ban web2 9000"]);
  deepStrictEqual(news(two, other), ["ban db1 9000"]);
  deepStrictEqual(news(other, undefined), ["unban db1"]);
});

Deno.test("updatesOf() waits until a ban counts", () => {
  const pending = banBy({ web2: 5_000 }, { isPending: true });
  const quota = banBy({ web2: 5_000, db1: 6_000 });
  deepStrictEqual(news(undefined, pending), []);
  deepStrictEqual(news(pending, quota), ["ban web2 6000"]);
  deepStrictEqual(news(pending, undefined), []);
});

Deno.test("updatesOfAll() tells of all that counts here", () => {
  const bans = [
    banBy({ web1: 1 }, { last: 1 }),
    banBy({ web2: Infinity }, { last: 2 }),
    banBy({ web2: 3 }, { last: 3, isPending: true }),
  ];
  deepStrictEqual(updatesOfAll(bans, HERE).map(({ address }) => address), [
    "192.0.2.2",
  ]);
});
