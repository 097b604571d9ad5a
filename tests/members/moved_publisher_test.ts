import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  IDENTITY_FORM,
  MEMBERSHIP_FORM,
} from "../../lib/members/identity_forms.ts";
import type { Membership, PublisherAddress } from "../../lib/members/member.ts";
import {
  MAX_MOVED,
  publisherAddresses,
  publisherHosts,
  withMove,
} from "../../lib/members/moved_publisher.ts";
import { keysOf, membership } from "../support/cluster/memberships.ts";

function at(host: string): PublisherAddress {
  return { controlUrl: `tcp://${host}:5681`, streamUrl: `tcp://${host}:5682` };
}

function joinedAt(host: string): Membership {
  return membership("web1", at(host));
}

Deno.test("withMove() puts the new address first, and keeps the join code's and the one at which it was said", () => {
  const first = withMove(joinedAt("a"), at("b"), at("a"));
  deepStrictEqual(publisherHosts(first), ["b", "a"]);
  const second = withMove(first, at("c"), at("b"));
  deepStrictEqual(publisherHosts(second), ["c", "b", "a"]);
  deepStrictEqual(publisherHosts(withMove(second, at("a"), at("c"))), [
    ...["a", "c", "b"],
  ]);
  deepStrictEqual(publisherHosts(withMove(second, at("c"), at("b"))), [
    ...["c", "b", "a"],
  ]);
});

Deno.test("however often a publisher moves, a node looks for it where it says, where it said so, and where it was joined", () => {
  const anyHost = fc.constantFrom(..."abcdefgh");
  fc.assert(fc.property(
    anyHost,
    fc.array(anyHost, { minLength: 1, maxLength: 20 }),
    (start, moves) => {
      let [known, heardAt] = [joinedAt(start), start];
      for (const host of moves) {
        known = withMove(known, at(host), at(heardAt));
        const hosts = publisherHosts(known);
        strictEqual(hosts[0], host);
        strictEqual(hosts.includes(heardAt) && hosts.includes(start), true);
        strictEqual(new Set(hosts).size, hosts.length);
        strictEqual(hosts.length <= MAX_MOVED + 1, true);
        deepStrictEqual(
          MEMBERSHIP_FORM.decode(MEMBERSHIP_FORM.encode(known)),
          known,
        );
        heardAt = host;
      }
    },
  ));
});

Deno.test("what was stored before anything moved is read as it was", () => {
  const before = joinedAt("a");
  deepStrictEqual(
    MEMBERSHIP_FORM.decode(MEMBERSHIP_FORM.encode(before)),
    before,
  );
  deepStrictEqual(publisherAddresses(before), [at("a")]);
  const identity = { keys: keysOf(1, 2), ...at("b"), isTold: true };
  deepStrictEqual(
    IDENTITY_FORM.decode(IDENTITY_FORM.encode(identity)),
    identity,
  );
});
