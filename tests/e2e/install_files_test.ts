import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  filesIn,
  runInstaller,
  snapshot,
  writeRelease,
} from "../support/installer.ts";
import { TempDir } from "../support/temp_dir.ts";

const CONF = "etc/fail2ban-cluster/fail2ban-cluster.conf";
const JAIL = "etc/fail2ban/jail.d/fail2bancluster.conf";
const NOTHING_TO_DO =
  "nothing to do: fail2ban-cluster is installed as it should be";

/** A folder with a release in it, whose paths have spaces, and where it goes. */
class Place implements AsyncDisposable {
  readonly release: string;
  readonly root: string;
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
    this.release = dir.path("a release");
    this.root = dir.path("the root");
  }

  static async create(): Promise<Place> {
    const place = new Place(await TempDir.create());
    await writeRelease(place.release);
    return place;
  }

  /** Runs install.sh of nowhere else than the release. */
  async run(verb: string, ...args: string[]) {
    return await runInstaller([verb, "--destdir", this.root, ...args], {
      from: this.release,
    });
  }

  /** The same, and it has to go well. */
  async done(verb: string, ...args: string[]): Promise<readonly string[]> {
    const { code, said, complained } = await this.run(verb, ...args);
    strictEqual(code, 0, complained.join("\n"));
    deepStrictEqual(complained, []);
    return said;
  }

  path(name: string): string {
    return `${this.root}/${name}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  });
}

Deno.test("install puts everything of a release in its place, with the right modes", async () => {
  await using place = await Place.create();
  await place.done("install");
  const files = await filesIn(place.root);
  const units = ["monitor", "publisher", "subscriber"].map((role) =>
    `etc/systemd/system/fail2ban-${role}.service`
  );
  const programs = ["monitor", "publisher", "subscriber"].map((role) =>
    `usr/local/bin/fail2ban-${role}`
  );
  const doc = "usr/local/share/doc/fail2ban-cluster";
  const lib = "usr/local/lib/fail2ban-cluster";
  const scripts = ["host", "place", "plan", "remove"].map((name) =>
    `${lib}/installer/${name}.sh`
  );
  deepStrictEqual(
    files,
    [
      ...[CONF, "etc/fail2ban/filter.d/fail2bancluster.conf", JAIL],
      ...[...units, ...programs, ...scripts],
      ...[`${lib}/RELEASE`, `${lib}/install.sh`, `${lib}/manifest`],
      ...["CHANGELOG.md", "LICENSE", "README.md"].map((name) =>
        `${doc}/${name}`
      ),
      `${doc}/fail2bancluster-log.conf.example`,
    ].toSorted(),
  );
  const all = await snapshot(place.root);
  for (const path of programs) match(all[path] ?? "", /^755 /);
  for (const path of units) match(all[path] ?? "", /^644 /);
  match(all[CONF] ?? "", /^640 /);
  match(all["var/lib/fail2ban-cluster"] ?? "", /^750 .* folder$/);
});

Deno.test("the configuration that is installed suits the units and the jail beside it", async () => {
  await using place = await Place.create();
  await place.done("install");
  const conf = await Deno.readTextFile(place.path(CONF));
  const changed = conf.split("\n").filter((line) =>
    /^(?:pidfile|subscriberaction) =/.test(line)
  );
  deepStrictEqual(changed, [
    "pidfile = /run/fail2ban-cluster/fail2ban-monitor.pid",
    "pidfile = /run/fail2ban-cluster/fail2ban-publisher.pid",
    "pidfile = /run/fail2ban-cluster/fail2ban-subscriber.pid",
    "subscriberaction = fail2banclient",
  ]);
});

Deno.test("a second install changes nothing, and says so", async () => {
  await using place = await Place.create();
  await place.done("install");
  const before = await snapshot(place.root);
  deepStrictEqual(await place.done("install"), [NOTHING_TO_DO]);
  deepStrictEqual(await place.done("upgrade"), [NOTHING_TO_DO]);
  deepStrictEqual(await snapshot(place.root), before);
});

Deno.test("an upgrade keeps what was edited, and puts the new beside it once", async () => {
  await using place = await Place.create();
  await place.done("install");
  const edits = { [CONF]: "[general]\n# mine\n", [JAIL]: "# mine too\n" };
  for (const [path, text] of Object.entries(edits)) {
    await Deno.writeTextFile(place.path(path), text);
  }
  const shipped = "# shipped in 1.1.0\n";
  await writeRelease(place.release, {
    version: "1.1.0",
    files: {
      "fail2ban-cluster.conf": shipped,
      "fail2ban/jail.d/fail2bancluster.conf": shipped,
      "fail2ban/filter.d/fail2bancluster.conf": shipped,
    },
  });
  const said = await place.done("upgrade");
  for (const [path, text] of Object.entries(edits)) {
    strictEqual(await Deno.readTextFile(place.path(path)), text);
    strictEqual(await Deno.readTextFile(place.path(`${path}.new`)), shipped);
    ok(said.some((line) => line.includes(`${path} was edited and stays`)));
  }
  strictEqual(
    await Deno.readTextFile(
      place.path("etc/fail2ban/filter.d/fail2bancluster.conf"),
    ),
    shipped,
    "what was not edited is replaced",
  );
  const program = place.path("usr/local/bin/fail2ban-monitor");
  match(await Deno.readTextFile(program), /monitor 1\.1\.0/);
  const before = await snapshot(place.root);
  deepStrictEqual(await place.done("upgrade"), [NOTHING_TO_DO]);
  deepStrictEqual(await snapshot(place.root), before);
});

Deno.test("an upgrade removes the files that the new version has no more", async () => {
  await using place = await Place.create();
  await Deno.mkdir(`${place.release}/program`);
  const old = { "program/old.ts": "", "program/deno": "" };
  await writeRelease(place.release, { files: old });
  await place.done("install");
  const lib = "usr/local/lib/fail2ban-cluster";
  ok((await filesIn(place.root)).includes(`${lib}/old.ts`));
  await Deno.remove(`${place.release}/program`, { recursive: true });
  await writeRelease(place.release, { version: "1.1.0" });
  await place.done("upgrade");
  const files = await filesIn(place.root);
  deepStrictEqual(files.filter((path) => /old\.ts$|\/deno$/.test(path)), []);
});

Deno.test("a role that is new is installed by its name, with its unit if it has one", async () => {
  await using place = await Place.create();
  await writeRelease(place.release, {
    roles: ["monitor", "cluster", "relay"],
    files: { "systemd/fail2ban-relay.service": "[Service]\n" },
  });
  await place.done("install", "--role", "cluster", "--role", "relay");
  const files = await filesIn(place.root);
  deepStrictEqual(files.filter((path) => /bin|systemd/.test(path)), [
    "etc/systemd/system/fail2ban-relay.service",
    "usr/local/bin/fail2ban-cluster",
    "usr/local/bin/fail2ban-relay",
  ]);
  ok(!files.includes(JAIL), "the jail goes with the subscriber");
});

Deno.test("roles are added and removed one by one", async () => {
  await using place = await Place.create();
  const programs = async () =>
    (await filesIn(place.root)).filter((path) => path.includes("/bin/"))
      .map((path) => path.replace(/^.*fail2ban-/, ""));
  await place.done("install", "--role", "monitor");
  deepStrictEqual(await programs(), ["monitor"]);
  await place.done("install", "--role", "publisher");
  deepStrictEqual(await programs(), ["monitor", "publisher"]);
  await place.done("uninstall", "--role", "monitor");
  deepStrictEqual(await programs(), ["publisher"]);
  await place.done("verify");
  const { code, complained } = await place.run("uninstall", "--role", "relay");
  strictEqual(code, 4);
  match(complained[0] ?? "", /the role "relay" is not installed$/);
});

Deno.test("uninstall leaves configuration and state, and nothing else", async () => {
  await using place = await Place.create();
  await place.done("install");
  const state = place.path("var/lib/fail2ban-cluster/bans.sqlite3");
  await Deno.writeTextFile(state, "kept");
  const said = await place.done("uninstall");
  match(said.at(-1) ?? "", /are kept; --purge removes them$/);
  const left = Object.keys(await snapshot(place.root)).toSorted();
  deepStrictEqual(left, [
    "etc",
    "etc/fail2ban-cluster",
    CONF,
    "var",
    "var/lib",
    "var/lib/fail2ban-cluster",
    "var/lib/fail2ban-cluster/bans.sqlite3",
  ]);
});

Deno.test("uninstall keeps a jail that was edited, and says so", async () => {
  await using place = await Place.create();
  await place.done("install");
  await Deno.writeTextFile(place.path(JAIL), "# mine\n");
  const said = await place.done("uninstall");
  ok(said.includes(`${place.path(JAIL)} was edited and stays`));
  strictEqual(await Deno.readTextFile(place.path(JAIL)), "# mine\n");
});

Deno.test("purge leaves nothing, also after an uninstall, and asks for --yes", async () => {
  await using place = await Place.create();
  await place.done("install");
  const { code, complained } = await place.run("uninstall", "--purge");
  strictEqual(code, 4);
  deepStrictEqual(complained, [
    "install.sh: error: --purge without a terminal needs --yes",
  ]);
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), []);
  await place.done("install");
  await place.done("uninstall");
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), []);
});

Deno.test("a dry run says what would be done, and does nothing", async () => {
  await using place = await Place.create();
  const said = await place.done("install", "--dry-run");
  ok(said.includes(`would write ${place.path(CONF)}`));
  ok(said.every((line) => line.startsWith("would ")), said.join("\n"));
  strictEqual(await isThere(place.root), false);
  await place.done("install");
  const before = await snapshot(place.root);
  const gone = await place.done("uninstall", "--dry-run");
  ok(
    gone.includes(
      `would remove ${place.path("usr/local/bin/fail2ban-monitor")}`,
    ),
  );
  deepStrictEqual(await snapshot(place.root), before);
});

Deno.test("programs are run from a prefix with spaces, and units name it so", async () => {
  await using place = await Place.create();
  await place.done("install", "--prefix", "/opt/ban club");
  const program = place.path("opt/ban club/bin/fail2ban-monitor");
  const { stdout } = await new Deno.Command(program, { args: ["run"] })
    .output();
  strictEqual(new TextDecoder().decode(stdout), "monitor 1.0.0 run\n");
  const unit = await Deno.readTextFile(
    place.path("etc/systemd/system/fail2ban-monitor.service"),
  );
  match(unit, /^ExecStart="\/opt\/ban club\/bin\/fail2ban-monitor" run$/m);
  await place.done("verify", "--prefix", "/opt/ban club");
});

Deno.test("verify tells a changed and a missing program, and what was edited", async () => {
  await using place = await Place.create();
  await place.done("install");
  await Deno.writeTextFile(place.path(CONF), "# mine\n");
  deepStrictEqual(await place.done("verify"), [
    `edited: ${place.path(CONF)}`,
    `what is installed under ${place.root}/usr/local is what was installed`,
  ]);
  const [monitor, publisher] = ["monitor", "publisher"].map((role) =>
    place.path(`usr/local/bin/fail2ban-${role}`)
  );
  await Deno.writeTextFile(monitor ?? "", "#!/bin/sh\necho evil\n");
  await Deno.remove(publisher ?? "");
  const { code, said, complained } = await place.run("verify");
  strictEqual(code, 4);
  ok(said.includes(`${monitor}: FAILED`), said.join("\n"));
  ok(said.includes(`${publisher}: FAILED open or read`), said.join("\n"));
  match(complained.at(-1) ?? "", /hint: install\.sh upgrade puts it right$/);
  await place.done("upgrade");
  await place.done("verify");
});

Deno.test("an interrupted install is completed by the next, and can be removed", async () => {
  await using place = await Place.create();
  await Deno.mkdir(place.path("usr/local/lib"), { recursive: true });
  const script = `sh "$0" "$@" | head -n 3`;
  const { success } = await new Deno.Command("sh", {
    args: [
      ...["-c", script, `${place.release}/install.sh`],
      ...["install", "--destdir", place.root],
    ],
    stdout: "null",
    stderr: "null",
  }).output();
  ok(success);
  const units = await isThere(place.path("etc/systemd/system"));
  strictEqual(units, false, "it was interrupted");
  await place.done("install");
  await place.done("verify");
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), []);
});

Deno.test("what is not installed can't be upgraded, verified or removed", async () => {
  await using place = await Place.create();
  for (const verb of ["upgrade", "verify", "uninstall"]) {
    const { code, complained } = await place.run(verb);
    strictEqual(code, 4);
    strictEqual(
      complained[0],
      `install.sh: error: nothing is installed under ${place.root}/usr/local`,
    );
  }
});
