import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { SecretFile } from "../../../lib/members/io/secret_file.ts";
import type { MemberList } from "../../../lib/members/member.ts";
import { type Editor, withMember } from "../../../lib/members/member_edits.ts";
import {
  MEMBER_LIST_FORM,
  NO_MEMBERS,
} from "../../../lib/members/member_list_form.ts";
import { member } from "../../support/cluster/members.ts";
import { MemoryLog } from "../../support/memory/memory_log.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

const EDITOR: Editor = { by: "root", atMs: 1_000 };

async function modeOf(path: string): Promise<number> {
  return ((await Deno.stat(path)).mode ?? 0) & 0o777;
}

function added(name: string): (list: MemberList | undefined) => MemberList {
  return (list = NO_MEMBERS) => withMember(list, member(name), EDITOR);
}

function listFile(dir: TempDir): SecretFile<MemberList> {
  return new SecretFile(dir.path("members/members.json"), MEMBER_LIST_FORM);
}

function names(list: MemberList | undefined): readonly string[] {
  return list?.members.map(({ name }) => name) ?? [];
}

Deno.test("a secret file is there after an edit, for its user only, and nothing beside it", async () => {
  await using dir = await TempDir.create();
  const file = listFile(dir);
  strictEqual(await file.read(), undefined);
  await file.edit(added("web1"));
  deepStrictEqual(names(await file.read()), ["web1"]);
  const folder = dir.path("members");
  strictEqual(await modeOf(folder), 0o700);
  const files = (await Array.fromAsync(Deno.readDir(folder)))
    .map(({ name }) => name).sort();
  deepStrictEqual(files, ["members.json"]);
  strictEqual(await modeOf(`${folder}/members.json`), 0o600);
});

testWith(
  "setpriv",
  "what root makes in a service's folder is the service's",
  async () => {
    await using dir = await TempDir.create();
    await Deno.chown(dir.path(), 12_345, 12_346);
    await listFile(dir).edit(added("web1"));
    for (const name of ["members", "members/members.json"]) {
      const { uid, gid } = await Deno.stat(dir.path(name));
      deepStrictEqual([uid, gid], [12_345, 12_346]);
    }
  },
);

testWith(
  "setpriv",
  "a link that a service leaves where root writes leads root nowhere",
  async () => {
    await using dir = await TempDir.create();
    const victim = dir.path("roots");
    await Deno.writeTextFile(victim, "root's own", { mode: 0o644 });
    const state = dir.path("state");
    await Deno.mkdir(`${state}/members`, { recursive: true });
    for (const name of ["members.json.new", "members.json.lock"]) {
      await Deno.symlink(victim, `${state}/members/${name}`);
    }
    await Deno.symlink(dir.path("nothing"), `${state}/members.json.new`);
    for (const path of [state, `${state}/members`]) {
      await Deno.chown(path, 12_345, 12_346);
    }
    for (const path of ["members/members.json", "members.json"]) {
      const file = new SecretFile(`${state}/${path}`, MEMBER_LIST_FORM);
      await file.edit(added("web1"));
      const { uid, gid, isSymlink } = await Deno.lstat(`${state}/${path}`);
      deepStrictEqual([uid, gid, isSymlink], [12_345, 12_346, false]);
    }
    const { uid, mode } = await Deno.stat(victim);
    deepStrictEqual([uid, (mode ?? 0) & 0o777], [0, 0o644]);
    strictEqual(await Deno.readTextFile(victim), "root's own");
    await rejects(Deno.lstat(dir.path("nothing")), Deno.errors.NotFound);
  },
);

Deno.test("an edit that was killed while it wrote is no hindrance to the next", async () => {
  await using dir = await TempDir.create();
  await Deno.mkdir(dir.path("members"));
  await Deno.writeTextFile(dir.path("members/members.json.new"), "{");
  await listFile(dir).edit(added("web1"));
  deepStrictEqual(names(await listFile(dir).read()), ["web1"]);
});

Deno.test("edits at the same time all count", async () => {
  await using dir = await TempDir.create();
  const all = Array.from({ length: 20 }, (_, at) => `web${at}`);
  await Promise.all(all.map((name) => listFile(dir).edit(added(name))));
  deepStrictEqual(names(await listFile(dir).read()).toSorted(), all.toSorted());
});

Deno.test("an edit that fails leaves the file as it is", async () => {
  await using dir = await TempDir.create();
  const file = listFile(dir);
  await file.edit(added("web1"));
  const before = await Deno.readTextFile(dir.path("members/members.json"));
  await rejects(file.edit(added("WEB1")), /member already/);
  strictEqual(
    await Deno.readTextFile(dir.path("members/members.json")),
    before,
  );
});

Deno.test("a secret file that others may read, or that is damaged, is refused with its name", async () => {
  await using dir = await TempDir.create();
  const file = listFile(dir);
  await file.edit(added("web1"));
  const path = dir.path("members/members.json");
  await Deno.chmod(path, 0o640);
  await rejects(file.read(), {
    name: "RuntimeError",
    message: `${path}: others may read it`,
    hint: `chmod 600 ${path}`,
  });
  await Deno.chmod(path, 0o600);
  await Deno.truncate(path, 20);
  await rejects(file.read(), {
    name: "RuntimeError",
    message:
      `${path}: the list of members is damaged: its form is not as written`,
  });
});

Deno.test("a watched file is given after each edit, in its last state; what is damaged is told of and passed over", async () => {
  await using dir = await TempDir.create();
  const file = listFile(dir);
  await file.edit(added("web1"));
  const stop = new AbortController();
  const log = new MemoryLog();
  const lists = file.watch(stop.signal, log);
  const first = lists.next();
  await file.edit(added("web2"));
  deepStrictEqual(names((await first).value), ["web1", "web2"]);
  const second = lists.next();
  const path = dir.path("members/members.json");
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, "{");
  await waitUntil(() => log.records.length > 0, { what: "a complaint" });
  await Deno.writeTextFile(path, text);
  deepStrictEqual(names((await second).value), ["web1", "web2"]);
  ok(log.records.every(({ severity }) => severity === "error"));
  const last = lists.next();
  stop.abort();
  deepStrictEqual(await last, { done: true, value: undefined });
});

Deno.test("a watch outlives a folder that can't be looked into, and tells of it once", async () => {
  await using dir = await TempDir.create();
  const file = listFile(dir);
  await file.edit(added("web1"));
  const stop = new AbortController();
  const log = new MemoryLog();
  const next = file.watch(stop.signal, log).next();
  await Deno.rename(dir.path("members"), dir.path("elsewhere"));
  await Deno.writeTextFile(dir.path("members"), "");
  await waitUntil(() => log.records.length > 0, { what: "a complaint" });
  for (let looks = 0; looks < 5; looks++) {
    file.look();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  strictEqual(log.records.length, 1);
  await Deno.remove(dir.path("members"));
  await Deno.rename(dir.path("elsewhere"), dir.path("members"));
  await file.edit(added("web2"));
  file.look();
  deepStrictEqual(names((await next).value), ["web1", "web2"]);
  stop.abort();
});
