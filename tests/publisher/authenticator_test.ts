import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  type Hello,
  MemberAuthenticator,
} from "../../lib/publisher/authenticator.ts";
import { host } from "../support/values/core_values.ts";
import {
  ALL_RIGHTS,
  digestOf,
  keyOf,
  member,
  memberList,
  tokenOf,
} from "../support/cluster/members.ts";

function hello(node: string, others: Partial<Hello> = {}): Hello {
  return {
    kind: "HELLO",
    node: host(node),
    role: "monitor",
    token: tokenOf(node),
    version: "1",
    ...others,
  };
}

const LIST = memberList(member("web1"), member("Web2"));

async function verdictOf(
  admission: MemberAuthenticator,
  said: Hello,
): Promise<string> {
  const verdict = await admission.authenticate(said);
  return verdict.ok ? verdict.member.name : `ERROR ${verdict.code}`;
}

Deno.test("MemberAuthenticator admits the keys of members, and no other", () => {
  const admission = new MemberAuthenticator(LIST);
  strictEqual(admission.admitted(keyOf("web1")), "web1");
  strictEqual(admission.admitted(keyOf("web3")), undefined);
  strictEqual(admission.listener(keyOf("web1")), "web1");
  strictEqual(
    new MemberAuthenticator(memberList()).admitted(keyOf("web1")),
    undefined,
  );
});

Deno.test("MemberAuthenticator finds the member by its token, and the name has to be that one's", async () => {
  const admission = new MemberAuthenticator(LIST);
  strictEqual(await verdictOf(admission, hello("web1")), "web1");
  const token = tokenOf("Web2");
  strictEqual(await verdictOf(admission, hello("wEB2", { token })), "Web2");
  strictEqual(
    await verdictOf(admission, hello("web1", { token })),
    "ERROR token",
  );
  for (const bad of ["", "guess", digestOf(token), `${token} `]) {
    strictEqual(
      await verdictOf(admission, hello("web1", { token: bad })),
      "ERROR token",
    );
  }
});

Deno.test("MemberAuthenticator says which role a node has no right to", async () => {
  const rights = { ...ALL_RIGHTS, roles: ["subscriber"] as const };
  const admission = new MemberAuthenticator(
    memberList(member("web1", { rights })),
  );
  strictEqual(await verdictOf(admission, hello("web1")), "ERROR rights");
  const said = hello("web1", { role: "subscriber" });
  strictEqual(await verdictOf(admission, said), "web1");
});

Deno.test("MemberAuthenticator keeps out a member that is suspended, as long as it is", async () => {
  let suspended = "web1";
  const admission = new MemberAuthenticator(LIST, (name) => name === suspended);
  strictEqual(admission.admitted(keyOf("web1")), undefined);
  strictEqual(await verdictOf(admission, hello("web1")), "ERROR aside");
  strictEqual(admission.admitted(keyOf("Web2")), "Web2");
  suspended = "";
  strictEqual(admission.admitted(keyOf("web1")), "web1");
  strictEqual(await verdictOf(admission, hello("web1")), "web1");
});

Deno.test("MemberAuthenticator goes by the list that counts when the token is known", async () => {
  const admission = new MemberAuthenticator(LIST);
  const verdict = verdictOf(admission, hello("web1"));
  admission.setMembers(memberList(member("Web2")));
  strictEqual(await verdict, "ERROR token");
});

Deno.test("MemberAuthenticator says busy to a flood of HELLOs, and goes on after it", async () => {
  const admission = new MemberAuthenticator(LIST);
  const verdicts = await Promise.all(
    Array.from({ length: 300 }, () => verdictOf(admission, hello("web1"))),
  );
  strictEqual(verdicts.filter((said) => said === "web1").length, 256);
  strictEqual(verdicts.filter((said) => said === "ERROR busy").length, 44);
  strictEqual(await verdictOf(admission, hello("web1")), "web1");
});

Deno.test("MemberAuthenticator tells whose connections a new list ends, and who has other rights", () => {
  const admission = new MemberAuthenticator(memberList(
    member("gone"),
    member("other-key"),
    member("other-token"),
    member("other-roles"),
    member("other-jails"),
    member("may-unban"),
    member("other-rate"),
    member("same"),
  ));
  const rights = (others: Partial<typeof ALL_RIGHTS>) => ({
    rights: { ...ALL_RIGHTS, ...others },
  });
  const list = memberList(
    member("SAME", { ...member("same"), addedMs: 5 }),
    member("other-key", { publicKey: keyOf("new") }),
    member("other-token", { tokenDigest: digestOf("new") }),
    member("other-roles", rights({ roles: ["subscriber"] })),
    member("other-jails", rights({ jails: ["sshd"] })),
    member("may-unban", rights({ mayUnban: true })),
    member("other-rate", rights({ maxPerSecond: 1 })),
    member("new"),
  );
  deepStrictEqual(admission.setMembers(list), {
    expelled: ["gone", "other-key", "other-token"],
    changed: ["other-roles", "other-jails", "may-unban", "other-rate"],
  });
  strictEqual(admission.list, list);
  strictEqual(admission.admitted(keyOf("gone")), undefined);
  strictEqual(admission.admitted(keyOf("other-key")), undefined);
  strictEqual(admission.admitted(keyOf("new")), "new");
  deepStrictEqual(admission.setMembers(list), { expelled: [], changed: [] });
});

Deno.test("who may not read does not listen, and who may no more is expelled", () => {
  const rights = { ...ALL_RIGHTS, roles: ["monitor"] as const };
  const reader = member("web1");
  const writer = { ...reader, rights };
  const admission = new MemberAuthenticator(memberList(reader));
  strictEqual(admission.listener(reader.publicKey), "web1");
  deepStrictEqual(admission.setMembers(memberList(writer)), {
    expelled: ["web1"],
    changed: [],
  });
  strictEqual(admission.admitted(reader.publicKey), "web1");
  strictEqual(admission.listener(reader.publicKey), undefined);
});

Deno.test("MemberAuthenticator knows whose a refused key is, or was", () => {
  const admission = new MemberAuthenticator(LIST, (name) => name === "web1");
  strictEqual(
    admission.describe(keyOf("web1")),
    "web1 (set aside until it is released)",
  );
  strictEqual(admission.describe(keyOf("stranger")), undefined);
  admission.setMembers(memberList(member("web1")));
  strictEqual(
    admission.describe(keyOf("Web2")),
    "Web2 (its key was revoked or rotated)",
  );
  strictEqual(admission.admitted(keyOf("Web2")), undefined);
});
