import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import type { RuntimeError } from "../../lib/base/errors.ts";
import { OtherLogError } from "../../lib/engine/log_follower.ts";
import { SharedMembers } from "../../lib/engine/shared_members.ts";
import { NoLogError } from "../../lib/engine/shared_log.ts";
import type { MemberList } from "../../lib/members/member.ts";
import { withMember, withoutMember } from "../../lib/members/member_edits.ts";
import { NO_MEMBERS } from "../../lib/members/member_list_form.ts";
import { member } from "../support/cluster/members.ts";
import { ManualClock } from "../support/memory/manual_clock.ts";
import {
  MemorySharedValues,
  MemoryValuesServer,
} from "../support/memory/memory_shared_values.ts";
import { host } from "../support/values/core_values.ts";

const { signal } = new AbortController();
const EDIT_MS = 8_000;

/** A list with members; `atMs` tells lists that were edited apart from each other. */
function listOf(names: readonly string[], atMs = 1_000): MemberList {
  const editor = { by: "root", atMs };
  return names.reduce(
    (list, name) => withMember(list, member(name), editor),
    NO_MEMBERS,
  );
}

function adding(name: string) {
  const editor = { by: "root", atMs: 2_000 };
  return (list: MemberList = NO_MEMBERS) =>
    withMember(list, member(name), editor);
}

function namesOf(list: MemberList | undefined): readonly string[] {
  return (list ?? NO_MEMBERS).members.map(({ name }) => name);
}

/** A publisher's host with a copy of its own. */
function hostWith(
  copied: MemberList | undefined,
  server: MemoryValuesServer,
  clock = new ManualClock(),
) {
  const values = new MemorySharedValues(server);
  const copy = { read: () => Promise.resolve(copied) };
  return { values, clock, members: new SharedMembers({ values, copy, clock }) };
}

Deno.test("what one host edits all others have, and nothing is lost when two edit at once", async () => {
  const server = new MemoryValuesServer();
  const [one, two] = [
    hostWith(undefined, server).members,
    hostWith(undefined, server).members,
  ];
  strictEqual(await one.read(), undefined);
  await Promise.all([
    one.edit(adding("web1")),
    two.edit(adding("web2")),
    one.edit(adding("web3")),
  ]);
  const lists = await Promise.all([one.read(), two.read()]);
  deepStrictEqual(namesOf(lists[0]).toSorted(), ["web1", "web2", "web3"]);
  deepStrictEqual(lists[1], lists[0]);
  strictEqual(lists[0]?.revision, 3);
});

Deno.test("an edit that is refused changes nothing", async () => {
  const server = new MemoryValuesServer();
  const { members } = hostWith(undefined, server);
  await members.edit(adding("web1"));
  await rejects(members.edit(adding("web1")), /member already/);
  deepStrictEqual(namesOf(await members.read()), ["web1"]);
});

for (const fault of ["before", "after"] as const) {
  Deno.test(`an edit that is not answered, ${fault} it was carried out, is carried out once`, async () => {
    const server = new MemoryValuesServer();
    const { members, values, clock } = hostWith(undefined, server);
    values.faults.push(fault);
    const edit = members.edit(adding("web1"));
    await clock.advance(1_000);
    deepStrictEqual(namesOf(await edit), ["web1"]);
    strictEqual((await members.read())?.revision, 1);
  });
}

Deno.test("an edit that was carried out without an answer is known again below another's", async () => {
  const server = new MemoryValuesServer();
  const one = hostWith(undefined, server);
  one.values.faults.push("after");
  const edit = one.members.edit(adding("web1"));
  await hostWith(undefined, server).members.edit(adding("web2"));
  await one.clock.advance(1_000);
  deepStrictEqual(namesOf(await edit), ["web1"]);
  deepStrictEqual(namesOf(await one.members.read()), ["web1", "web2"]);
});

Deno.test("an edit that is never answered says that nobody knows", async () => {
  const { members, values, clock } = hostWith(
    undefined,
    new MemoryValuesServer(),
  );
  values.isSilent = true;
  const refused = rejects(
    members.edit(adding("web1")),
    (error: unknown) =>
      error instanceof NoLogError && error.message.includes("not known"),
  );
  await clock.advance(EDIT_MS);
  await refused;
});

Deno.test("the list that a publisher had alone is shared, once, and edited by all", async () => {
  const server = new MemoryValuesServer();
  const had = listOf(["web1", "web2"]);
  const one = hostWith(had, server).members;
  const two = hostWith(undefined, server).members;
  strictEqual(await two.share(signal), undefined);
  deepStrictEqual(await one.share(signal), had);
  deepStrictEqual(await two.share(signal), had);
  await two.edit((list = NO_MEMBERS) =>
    withoutMember(list, host("web1"), { by: "root", atMs: 3_000 })
  );
  deepStrictEqual(namesOf(await one.share(signal)), ["web2"]);
});

Deno.test("an edit before anybody has shared a list begins with this host's", async () => {
  const { members } = hostWith(listOf(["web1"]), new MemoryValuesServer());
  deepStrictEqual(namesOf(await members.edit(adding("web2"))), [
    "web1",
    "web2",
  ]);
});

/** Refuses with an error that says so, and leaves what is shared as it is. */
async function refuses(
  shared: MemberList,
  copied: MemberList,
  message: RegExp,
): Promise<void> {
  const server = new MemoryValuesServer();
  await hostWith(undefined, server).members.edit(() => shared);
  const before = server.values.get("members");
  const { members } = hostWith(copied, server);
  const isSaid = (error: unknown) =>
    error instanceof OtherLogError && message.test(error.message) &&
    (error as RuntimeError).hint !== undefined;
  await rejects(members.share(signal), isSaid);
  await rejects(members.edit(adding("web9")), isSaid);
  strictEqual(server.values.get("members"), before);
}

Deno.test("an older list than this host's copy is refused: who was revoked would be a member again", async () => {
  const before = listOf(["web1", "web2"]);
  const revoked = withoutMember(before, host("web1"), {
    by: "root",
    atMs: 3_000,
  });
  await refuses(before, revoked, /at change 2, and this host's copy at 3/);
});

Deno.test("a list of another cluster, or one that was set back and went on, is refused", async () => {
  await refuses(listOf(["a", "b", "c"]), listOf(["a", "d"]), /not this host's/);
});

Deno.test("a list that is set back while a publisher runs is refused, too", async () => {
  const server = new MemoryValuesServer();
  const { members } = hostWith(undefined, server);
  await members.edit(adding("web1"));
  const before = server.values.get("members");
  await members.edit(adding("web2"));
  await members.read();
  ok(before);
  server.values.set("members", { ...before, version: server.next() });
  await rejects(members.share(signal), OtherLogError);
});
