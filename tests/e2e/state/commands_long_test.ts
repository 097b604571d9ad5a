import { ok, strictEqual } from "node:assert/strict";
import { damageFile, DAMAGES } from "../../support/host/damaged_file.ts";
import {
  OperatorHosts,
  type Said,
} from "../../support/cluster/operator_hosts.ts";
import { sideBySide } from "../../support/host/side_by_side.ts";

/** A file, a command that needs it, and what the refusal names. */
interface DamagedCommand {
  readonly file: string;
  readonly words: string;
  readonly mend: RegExp;
}

const MOVED =
  /run: (mv \S+\/members\/members\.json \S+\/members\/members\.json\.damaged)$/m;
const COMMANDS: readonly DamagedCommand[] = [
  ...["node list", "node add web9", "allow list", "allow add 203.0.113.9"]
    .map((words) => ({ file: "members/members.json", words, mend: MOVED })),
  {
    file: "members/publisher.json",
    words: "node add web9",
    mend:
      /run: (mv \S+ \S+\.damaged && fail2ban-cluster init --address HOST)$/m,
  },
];

/** No stack, nothing unexpected. */
function assertRefused({ code, err }: Said): void {
  ok(code === 3 || code === 4, `${code}: ${err}`);
  ok(!/unexpected|this is a bug/.test(err), err);
}

async function shell(command: string): Promise<void> {
  const { success } = await new Deno.Command("/bin/sh", {
    args: ["-ec", command],
  }).output();
  ok(success, command);
}

for (const { file, words, mend } of COMMANDS) {
  Deno.test(`fail2ban-cluster ${words} is refused while ${file} is damaged, until what it names was done`, (t) => {
    const step = (damage: (typeof DAMAGES)[number]) => async () => {
      await using hosts = await OperatorHosts.create("hub");
      strictEqual((await hosts.run("hub", "init")).code, 0);
      strictEqual((await hosts.run("hub", "node add web1")).code, 0);
      await damageFile(`${hosts.state("hub")}/${file}`, damage);
      const refused = await hosts.run("hub", words);
      assertRefused(refused);
      const [, command] = mend.exec(refused.err) ?? [];
      ok(command, refused.err);
      const [move = "", init] = command.split(" && fail2ban-cluster ");
      await shell(move);
      if (init !== undefined) {
        const made = await hosts.run("hub", init.replace("HOST", "127.0.0.1"));
        strictEqual(made.code, 0, made.err);
      }
      const { code, err } = await hosts.run("hub", words);
      strictEqual(code, 0, err);
    };
    return sideBySide(
      t,
      Object.fromEntries(DAMAGES.map((damage) => [damage, step(damage)])),
    );
  });
}

Deno.test("fail2ban-cluster join takes the place of a damaged membership", (t) => {
  const step = (damage: (typeof DAMAGES)[number]) => async () => {
    await using hosts = await OperatorHosts.create("hub", "web1");
    await hosts.run("hub", "init");
    const { out } = await hosts.run("hub", "node add web1");
    await Deno.mkdir(hosts.state("web1"));
    const path = `${hosts.state("web1")}/membership.json`;
    await damageFile(path, damage);
    const { code, err } = await hosts.run("web1", `join ${out.trim()}`);
    strictEqual(code, 0, err);
    ok((await Deno.lstat(path)).isFile);
  };
  return sideBySide(
    t,
    Object.fromEntries(DAMAGES.map((damage) => [damage, step(damage)])),
  );
});

for (const file of ["fail2ban-cluster.conf", "fail2ban-cluster.local"]) {
  Deno.test(`fail2ban-cluster waits for no other end of a pipe in the place of ${file}, and of no folder`, async () => {
    for (const damage of ["pipe", "folder"] as const) {
      await using hosts = await OperatorHosts.create("hub");
      const path = `${hosts.path("hub")}/${file}`;
      await damageFile(path, damage);
      const refused = await hosts.run("hub", "node list");
      strictEqual(refused.code, 3, refused.err);
      ok(refused.err.includes(`${path}: expected a file`), refused.err);
    }
  });
}
