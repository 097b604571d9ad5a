import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { runInstaller, writeRelease } from "../../support/install/installer.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const ROLES = ["monitor", "publisher", "subscriber"];
const BIN = "root/usr/local/bin";

/** Releases of one file and of four, and a root to install them into. */
class Releases implements AsyncDisposable {
  readonly dir: TempDir;

  private constructor(dir: TempDir) {
    this.dir = dir;
  }

  static async create(): Promise<Releases> {
    const releases = new Releases(await TempDir.create());
    const path = (name: string) => releases.dir.path(name);
    await writeRelease(path("one"), { roles: ROLES, isOneFile: true });
    await writeRelease(path("four"), {
      version: "0.9.0",
      roles: [...ROLES, "cluster"],
    });
    return releases;
  }

  async run(from: string, ...args: string[]) {
    return await runInstaller(
      [...args, "--destdir", this.dir.path("root")],
      { from: this.dir.path(from) },
    );
  }

  async done(from: string, ...args: string[]): Promise<string> {
    const { code, said, complained } = await this.run(from, ...args);
    strictEqual(code, 0, complained.join("\n"));
    return said.join("\n");
  }

  /** What the programs' folder has, and what links lead to. */
  async programs(): Promise<string[]> {
    const found: string[] = [];
    for await (const { name } of Deno.readDir(this.dir.path(BIN))) {
      const path = this.dir.path(`${BIN}/${name}`);
      const { isSymlink } = await Deno.lstat(path);
      found.push(isSymlink ? `${name} > ${await Deno.readLink(path)}` : name);
    }
    return found.toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dir[Symbol.asyncDispose]();
  }
}

const ONE = [
  "fail2ban-cluster",
  ...ROLES.map((role) => `fail2ban-${role} > fail2ban-cluster`),
];
const FOUR = ["fail2ban-cluster", ...ROLES.map((role) => `fail2ban-${role}`)];

Deno.test("one file is installed with its names, over four and back, and is gone when it is removed", async () => {
  await using releases = await Releases.create();
  for (
    const [from, programs] of [
      ["four", FOUR],
      ["one", ONE],
      ["four", FOUR],
      ["one", ONE],
    ] as const
  ) {
    const said = await releases.done(from, "install");
    deepStrictEqual(await releases.programs(), programs);
    strictEqual(said.includes("not as it was installed"), false, said);
    match(await releases.done(from, "verify"), /is what was installed$/);
    match(await releases.done(from, "upgrade"), /^nothing to do/);
  }
  await releases.done("one", "uninstall");
  const { dir } = releases;
  deepStrictEqual(
    await Array.fromAsync(Deno.readDir(dir.path("root/usr/local"))).catch(
      () => [],
    ),
    [],
  );
});

Deno.test("a role goes with its name, the file with the last role", async () => {
  await using releases = await Releases.create();
  await releases.done("one", "install", "--role", "monitor");
  deepStrictEqual(await releases.programs(), ONE.slice(0, 2));
  await releases.done("one", "install", "--role", "subscriber");
  const refused = await releases.run("one", "uninstall", "--role", "cluster");
  deepStrictEqual([refused.code, refused.complained], [4, [
    "install.sh: error: fail2ban-cluster is the program of all roles",
    "install.sh: hint: it goes with the last one",
  ]]);
  await releases.done("one", "uninstall", "--role", "monitor");
  deepStrictEqual(await releases.programs(), [ONE[0], ONE[3]]);
  await releases.done("one", "uninstall", "--role", "subscriber");
  strictEqual(
    await Deno.stat(releases.dir.path(BIN)).catch(() => undefined),
    undefined,
  );
});

Deno.test("a name that leads elsewhere is told by verify, and put right by an upgrade", async () => {
  await using releases = await Releases.create();
  await releases.done("one", "install");
  const path = releases.dir.path(`${BIN}/fail2ban-monitor`);
  await Deno.remove(path);
  await Deno.symlink("/bin/true", path);
  const { code, said } = await releases.run("one", "verify");
  strictEqual(code, 4);
  match(said.join("\n"), /fail2ban-monitor: it is no link to fail2ban-cluster/);
  await releases.done("one", "upgrade");
  deepStrictEqual(await releases.programs(), ONE);
});

Deno.test("a node comes with the names of both its roles, their units and the jail", async () => {
  await using releases = await Releases.create();
  const { dir } = releases;
  await writeRelease(dir.path("node"), {
    roles: [...ROLES, "node"],
    isOneFile: true,
  });
  await releases.done("node", "install", "--role", "node");
  deepStrictEqual(
    await releases.programs(),
    ONE.filter((name) => !name.includes("publisher"))
      .concat("fail2ban-node > fail2ban-cluster").toSorted(),
  );
  const units = dir.path("root/etc/systemd/system");
  deepStrictEqual(
    (await Array.fromAsync(Deno.readDir(units))).map(({ name }) => name)
      .toSorted(),
    ["monitor", "node", "subscriber"].map((role) => `fail2ban-${role}.service`),
  );
  const unit = await Deno.readTextFile(`${units}/fail2ban-node.service`);
  match(unit, /^ExecStart="\/usr\/local\/bin\/fail2ban-node" run$/m);
  await Deno.lstat(dir.path("root/etc/fail2ban/jail.d/fail2bancluster.conf"));
});
