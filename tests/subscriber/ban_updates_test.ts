import { deepStrictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { Ban } from "../../lib/ban/ban.ts";
import { TAKE_ALL } from "../../lib/choice/receiver_choice.ts";
import {
  type ActedOn,
  updatesOf,
  updatesOfAll,
} from "../../lib/subscriber/ban_updates.ts";
import { banBy } from "../support/values/bans.ts";
import { host } from "../support/values/core_values.ts";

const HERE = { hostName: host("Web1"), choice: TAKE_ALL };

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
  deepStrictEqual(
    [...updatesOfAll(bans, HERE)].flat().map(({ address }) => address),
    [
      "192.0.2.2",
    ],
  );
});

Deno.test("updatesOf() takes a ban as long as one report that is taken stands, and observes it as long as none does", () => {
  const receiver = {
    hostName: host("db9"),
    choice: { ...TAKE_ALL, ignoreNodes: ["web2"], observeNodes: ["web3"] },
  };
  const words = (
    before: Ban | undefined,
    after: Ban | undefined,
    place: ActedOn,
  ) =>
    updatesOf({ before, after }, receiver, place).map(
      ({ kind, origin, expiresMs }) =>
        kind === "ban" ? `ban ${origin} ${expiresMs}` : `unban ${origin}`,
    );
  const left = banBy({ web2: 9_000 });
  const observed = banBy({ web2: 9_000, web3: 7_000 });
  const all = banBy({ web2: 9_000, web3: 7_000, db1: 5_000 });
  const steps = [undefined, left, observed, all, observed, left, undefined];
  const news = (place: ActedOn) =>
    steps.slice(1).map((after, at) => words(steps[at], after, place).join());
  deepStrictEqual(news("taken"), [
    ...["", "", "ban db1 5000", "unban db1", "", ""],
  ]);
  deepStrictEqual(news("observed"), [
    ...["", "ban web3 7000", "unban web3", "ban web3 7000", "unban web3", ""],
  ]);
});

Deno.test("updates carried out in order are at any time what a model says is taken, and what is observed", () => {
  const NAMES = ["db9", "web1", "web2", "web3"];
  const anyBan = fc.option(
    fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 3 }), {
      minKeys: 1,
    }),
    { nil: undefined },
  );
  fc.assert(fc.property(
    fc.array(anyBan, { maxLength: 8 }),
    fc.subarray(NAMES),
    fc.subarray(NAMES),
    (course, ignored, seen) => {
      const receiver = {
        hostName: host("db9"),
        choice: { ...TAKE_ALL, ignoreNodes: ignored, observeNodes: seen },
      };
      const held: Record<ActedOn, number | undefined> = {
        ...{ taken: undefined, observed: undefined },
      };
      let before: Ban | undefined;
      for (const ends of course) {
        const after = ends && banBy(ends);
        for (const place of ["taken", "observed"] as const) {
          for (const update of updatesOf({ before, after }, receiver, place)) {
            held[place] = update.kind === "ban" ? update.expiresMs : undefined;
          }
        }
        before = after;
        const counted = Object.entries(ends ?? {}).filter(([name]) =>
          name !== "db9" && !ignored.includes(name)
        );
        const taken = counted.filter(([name]) => !seen.includes(name));
        const endOf = (some: typeof counted) =>
          some.length === 0
            ? undefined
            : Math.max(...some.map(([, end]) => end));
        deepStrictEqual(held, {
          taken: endOf(taken),
          observed: taken.length > 0 ? undefined : endOf(counted),
        });
      }
    },
  ));
});
