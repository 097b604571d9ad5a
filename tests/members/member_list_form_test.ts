import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import type { Address } from "../../lib/base/address.ts";
import { RuntimeError } from "../../lib/base/errors.ts";
import type { MemberList } from "../../lib/members/member.ts";
import {
  allowedAt,
  type Editor,
  withAllowed,
  withMember,
  withNewSecrets,
  withoutAllowed,
  withoutMember,
  withoutPublisher,
  withPublishers,
} from "../../lib/members/member_edits.ts";
import {
  MAX_ALLOWED,
  MAX_JOURNAL,
  MEMBER_LIST_FORM,
  NO_MEMBERS,
} from "../../lib/members/member_list_form.ts";
import { address, host } from "../support/values/core_values.ts";
import { digestOf, keyOf, member } from "../support/cluster/members.ts";

const EDITOR: Editor = { by: "root", atMs: 1_000 };
const NETWORK = address("203.0.113.0/24");

/** A list with two members and a network that nobody may ban. */
function someList(): MemberList {
  const both = ["web1", "web2"].reduce(
    (list, name) => withMember(list, member(name), EDITOR),
    NO_MEMBERS,
  );
  const entry = { network: NETWORK, untilMs: 5_000, note: "office" };
  return withAllowed(both, entry, EDITOR);
}

Deno.test("a list of members is read as it was written, and has counted its edits", () => {
  const list = someList();
  const text = MEMBER_LIST_FORM.encode(list);
  deepStrictEqual(MEMBER_LIST_FORM.decode(text), list);
  strictEqual(MEMBER_LIST_FORM.encode(MEMBER_LIST_FORM.decode(text)), text);
  strictEqual(list.revision, 3);
  deepStrictEqual(
    list.journal.map(({ revision, action, subject, detail }) =>
      `${revision} ${action} ${subject} (${detail})`
    ),
    [
      "1 node add web1 (monitor,subscriber; jails *)",
      "2 node add web2 (monitor,subscriber; jails *)",
      "3 allow add 203.0.113.0/24 (until 1970-01-01T00:00:05.000Z: office)",
    ],
  );
});

Deno.test("a list whose members stand in another order of properties is written the same", () => {
  const list = someList();
  const turned = Object.fromEntries(Object.entries(list).reverse());
  strictEqual(
    MEMBER_LIST_FORM.encode(turned as unknown as MemberList),
    MEMBER_LIST_FORM.encode(list),
  );
});

const DAMAGES: Readonly<Record<string, (text: string) => string>> = {
  "is empty": () => "",
  "is cut short": (text) => text.slice(0, -2),
  "has no line's end": (text) => text.trimEnd(),
  "has another version": (text) => text.replace(`"version": 1`, `"version": 2`),
  "has a member nobody knows": (text) =>
    text.replace(`"revision": 3,`, `"revision": 3,\n  "others": [],`),
  "has a prototype": (text) =>
    text.replace(`"revision": 3,`, `"revision": 3,\n  "__proto__": {},`),
  "says a thing twice": (text) =>
    text.replace(`"version": 1,`, `"version": 1,\n  "version": 1,`),
  "has a number that is written otherwise": (text) =>
    text.replace(`"revision": 3`, `"revision": 3.0`),
  "has a revision that its journal has not": (text) =>
    text.replace(`"revision": 3,`, `"revision": 4,`),
  "has a name twice": (text) => text.replace(`"web2"`, `"WEB1"`),
  "has a key twice": (text) => text.replace(keyOf("web2"), keyOf("web1")),
  "has a key that is none": (text) => text.replace(keyOf("web2"), "key"),
  "has a role that is none": (text) => text.replace(`"monitor"`, `"operator"`),
  "has a role twice": (text) => text.replace(`"monitor"`, `"subscriber"`),
  "has a member without roles": (text) =>
    text.replace(/"roles": \[[^\]]*\]/, `"roles": []`),
  "has a network with host bits": (text) =>
    text.replace(`"network": "203.0.113.0/24"`, `"network": "203.0.113.1/24"`),
  "has a note with a line's end": (text) => text.replace("office", "of\\nfice"),
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  Deno.test(`a list of members that ${what} is refused, and not repaired`, () => {
    const text = MEMBER_LIST_FORM.encode(someList());
    const damaged = damage(text);
    ok(damaged !== text);
    throws(() => MEMBER_LIST_FORM.decode(damaged), RuntimeError);
  });
}

Deno.test("any text is refused, or is exactly what would be written", () => {
  const text = MEMBER_LIST_FORM.encode(someList());
  const flipped = fc.record({
    at: fc.nat(text.length - 1),
    character: fc.string({ minLength: 0, maxLength: 2 }),
  });
  fc.assert(
    fc.property(flipped, ({ at, character }) => {
      const other = text.slice(0, at) + character + text.slice(at + 1);
      let list: MemberList;
      try {
        list = MEMBER_LIST_FORM.decode(other);
      } catch (error) {
        return error instanceof RuntimeError;
      }
      return MEMBER_LIST_FORM.encode(list) === other;
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("what a list could not be read with is not written", () => {
  const web1 = member("web1", {
    publicKey: "key" as ReturnType<typeof keyOf>,
  });
  const list = withMember(NO_MEMBERS, web1, EDITOR);
  throws(() => MEMBER_LIST_FORM.encode(list), TypeError);
});

Deno.test("a name is added once, however it is spelled", () => {
  const list = someList();
  throws(() => withMember(list, member("WEB1"), EDITOR), /member already/);
});

Deno.test("a member is revoked by its name, and has to be there", () => {
  const list = withoutMember(someList(), host("Web1"), EDITOR);
  deepStrictEqual(list.members.map(({ name }) => name), ["web2"]);
  strictEqual(list.journal.at(-1)?.subject, "web1");
  throws(() => withoutMember(list, host("web1"), EDITOR), /no member web1/);
});

Deno.test("a member that is rotated has another key and token, and the rights that it had", () => {
  const before = someList();
  const secrets = { publicKey: keyOf("new"), tokenDigest: digestOf("new") };
  const list = withNewSecrets(before, host("web1"), secrets, EDITOR);
  const [web1, web2] = list.members;
  deepStrictEqual(web1, { ...member("web1"), addedMs: 1_000, ...secrets });
  deepStrictEqual(web2, before.members[1]);
});

Deno.test("a network is allowed once, with the last end; what is over is forgotten at the next edit", () => {
  const later = { ...EDITOR, atMs: 6_000 };
  const other = { network: address("2001:db8::/48"), untilMs: null, note: "" };
  const list = withAllowed(someList(), other, later);
  deepStrictEqual(list.allowed.map(({ network }) => network), [other.network]);
  const again = withAllowed(list, { ...other, note: "again" }, later);
  deepStrictEqual(again.allowed.map(({ note }) => note), ["again"]);
  deepStrictEqual(allowedAt(someList(), 4_999).length, 1);
  deepStrictEqual(allowedAt(someList(), 5_000).length, 0);
  deepStrictEqual(withoutAllowed(again, other.network, later).allowed, []);
  throws(() => withoutAllowed(again, NETWORK, later), /not on the allowlist/);
});

Deno.test("the allowlist and the journal are bounded", () => {
  let list = NO_MEMBERS;
  for (let at = 0; at < MAX_ALLOWED; at++) {
    const network = `198.18.${at >> 8}.${at & 255}` as Address;
    list = withAllowed(list, { network, untilMs: null, note: "" }, EDITOR);
  }
  const one = { network: NETWORK, untilMs: null, note: "" };
  throws(() => withAllowed(list, one, EDITOR), /1000 entries at most/);
  const [first] = list.allowed;
  ok(first !== undefined);
  list = withoutAllowed(list, first.network, EDITOR);
  strictEqual(list.journal.length, MAX_JOURNAL);
  strictEqual(list.journal[0]?.revision, 2);
  deepStrictEqual(
    MEMBER_LIST_FORM.decode(MEMBER_LIST_FORM.encode(list)),
    list,
  );
});

Deno.test("publishers are added with an address, the same name again with another, and removed", () => {
  const added = ["hub1", "hub2"].map((name) => ({
    name: host(name),
    controlUrl: `tcp://${name}:5681`,
    streamUrl: `tcp://${name}:5682`,
  }));
  const both = withPublishers(someList(), added, EDITOR);
  const moved = { ...added[0], controlUrl: "tcp://other:5681" };
  const list = withPublishers(both, [{
    ...moved,
    name: host("HUB1"),
    streamUrl: "tcp://other:5682",
  }], EDITOR);
  deepStrictEqual(MEMBER_LIST_FORM.decode(MEMBER_LIST_FORM.encode(list)), list);
  deepStrictEqual(
    list.publishers?.map(({ name, controlUrl }) => `${name} ${controlUrl}`),
    ["hub2 tcp://hub2:5681", "HUB1 tcp://other:5681"],
  );
  const one = withoutPublisher(list, host("hub2"), EDITOR);
  throws(() => withoutPublisher(one, host("hub2"), EDITOR), /no publisher/);
  // Without any it is written as a list that never had some.
  const none = withoutPublisher(one, host("hub1"), EDITOR);
  ok(!("publishers" in none));
  deepStrictEqual(MEMBER_LIST_FORM.decode(MEMBER_LIST_FORM.encode(none)), none);
  strictEqual(none.journal.at(-1)?.action, "publisher remove");
});
