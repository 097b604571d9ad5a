import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  CONF,
  InstallPlace,
  isThere,
  JAIL,
} from "../../support/install/install_place.ts";
import {
  filesIn,
  PROJECT,
  snapshot,
  writeRelease,
} from "../../support/install/installer.ts";

const NOTHING_TO_DO =
  "nothing to do: fail2ban-cluster is installed as it should be";

Deno.test("install puts everything of a release in its place, with the right modes", async () => {
  await using place = await InstallPlace.create();
  await place.done("install");
  const files = await filesIn(place.root);
  const units = [
    ...["monitor", "publisher", "subscriber"].map((role) => `${role}.service`),
    ...["feed@.service", "feed@.timer"],
  ].map((name) => `etc/systemd/system/fail2ban-${name}`);
  const programs = ["monitor", "publisher", "subscriber"].map((role) =>
    `usr/local/bin/fail2ban-${role}`
  );
  const doc = "usr/local/share/doc/fail2ban-cluster";
  const lib = "usr/local/lib/fail2ban-cluster";
  const documents: string[] = [];
  for (const folder of ["docs", "share"]) {
    for (const name of await filesIn(`${PROJECT}/${folder}`)) {
      const at = folder === "share" ? "usr/local/share" : `${doc}/${folder}`;
      documents.push(`${at}/${name}`);
    }
  }
  const scripts = ["host", "place", "plan", "remove"].map((name) =>
    `${lib}/installer/${name}.sh`
  );
  deepStrictEqual(
    files,
    [
      ...[CONF, "etc/fail2ban/filter.d/fail2bancluster.conf", JAIL],
      ...[...units, ...programs, ...scripts, ...documents],
      ...[`${lib}/RELEASE`, `${lib}/install.sh`, `${lib}/manifest`],
      `${lib}/systemd/restart_pause.sh`,
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

Deno.test("a release is found from beside it, wherever CDPATH leads", async () => {
  await using place = await InstallPlace.create();
  const dir = place.release.replace(/\/[^/]*$/, "");
  await Deno.mkdir(`${dir}/other/a release`, { recursive: true });
  const { success, stderr } = await new Deno.Command("sh", {
    args: ["a release/install.sh", "install", "--destdir", "the root"],
    cwd: dir,
    env: { CDPATH: `${dir}/other` },
    stdout: "null",
  }).output();
  ok(success, new TextDecoder().decode(stderr));
});

Deno.test("folders are everybody's to read, whatever the umask", async () => {
  await using place = await InstallPlace.create();
  const { success } = await new Deno.Command("sh", {
    args: [
      ...["-c", `umask 077; exec sh "$0" "$@"`, `${place.release}/install.sh`],
      ...["install", "--destdir", place.root],
    ],
    stdout: "null",
  }).output();
  ok(success);
  const all = await snapshot(place.root);
  for (const path of ["etc/fail2ban", "usr", "usr/local/bin", "var/lib"]) {
    match(all[path] ?? "", /^755 /, path);
  }
});

Deno.test("the configuration that is installed suits the units and the jail beside it", async () => {
  await using place = await InstallPlace.create();
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
  await using place = await InstallPlace.create();
  await place.done("install");
  const before = await snapshot(place.root);
  deepStrictEqual(await place.done("install"), [NOTHING_TO_DO]);
  deepStrictEqual(await place.done("upgrade"), [NOTHING_TO_DO]);
  deepStrictEqual(await snapshot(place.root), before);
});

Deno.test("an upgrade keeps what was edited, and puts the new beside it once", async () => {
  await using place = await InstallPlace.create();
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

Deno.test("a configuration that is a link stays one, and a program of somebody else's is not replaced without a word", async () => {
  await using place = await InstallPlace.create();
  const program = place.path("usr/local/bin/fail2ban-monitor");
  await Deno.mkdir(place.path("usr/local/bin"), { recursive: true });
  await Deno.writeTextFile(program, "# another's\n");
  const said = await place.done("install");
  ok(said.includes(`replace ${program}, which is not as it was installed`));
  await Deno.rename(place.path(CONF), place.path("linked"));
  await Deno.symlink(place.path("linked"), place.path(CONF));
  const files = { "fail2ban-cluster.conf": "# of 1.1.0\n" };
  await writeRelease(place.release, { version: "1.1.0", files });
  await place.done("upgrade");
  ok((await Deno.lstat(place.path(CONF))).isSymlink);
  strictEqual(
    await Deno.readTextFile(place.path(`${CONF}.new`)),
    "# of 1.1.0\n",
  );
});

Deno.test("an upgrade removes the files that the new version has no more", async () => {
  await using place = await InstallPlace.create();
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

Deno.test("folders of sources are there whole, are mended file by file, and go with what was installed", async () => {
  await using place = await InstallPlace.create();
  const program = `${place.release}/program`;
  await Deno.mkdir(`${program}/of_one/io`, { recursive: true });
  const files = {
    "program/of_one/a.ts": "a",
    "program/of_one/io/b.ts": "b",
    "program/of_one/z.ts": "z",
  };
  await writeRelease(place.release, { files });
  await place.done("install", "--role", "monitor");
  const lib = "usr/local/lib/fail2ban-cluster";
  const placed = async () =>
    Object.entries(await snapshot(place.root))
      .filter(([path]) => path.startsWith(`${lib}/of_one`))
      .map(([path, about]) => `${path} ${about.replace(/ \S+/, "")}`)
      .toSorted();
  const whole = [
    `${lib}/of_one 755 folder`,
    `${lib}/of_one/a.ts 644 a`,
    `${lib}/of_one/io 755 folder`,
    `${lib}/of_one/io/b.ts 644 b`,
    `${lib}/of_one/z.ts 644 z`,
  ];
  deepStrictEqual(await placed(), whole);
  await Deno.remove(place.path(`${lib}/of_one/io`), { recursive: true });
  await Deno.writeTextFile(place.path(`${lib}/of_one/z.ts`), "other");
  await place.done("install");
  deepStrictEqual(await placed(), whole);
  await place.done("uninstall");
  deepStrictEqual(await placed(), []);
});

Deno.test("a role that is new is installed by its name, with its unit if it has one", async () => {
  await using place = await InstallPlace.create();
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
    "usr/local/lib/fail2ban-cluster/systemd/restart_pause.sh",
  ]);
  ok(!files.includes(JAIL), "the jail goes with the subscriber");
});

Deno.test("roles are added and removed one by one", async () => {
  await using place = await InstallPlace.create();
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

Deno.test("the operator's command comes with any role, and goes with the last", async () => {
  await using place = await InstallPlace.create();
  await writeRelease(place.release, {
    roles: ["cluster", "monitor", "subscriber"],
  });
  const programs = async () =>
    (await filesIn(place.root)).filter((path) => path.includes("/bin/"))
      .map((path) => path.replace(/^.*fail2ban-/, ""));
  await place.done("install", "--role", "monitor", "--role", "subscriber");
  deepStrictEqual(await programs(), ["cluster", "monitor", "subscriber"]);
  await place.done("uninstall", "--role", "monitor");
  deepStrictEqual(await programs(), ["cluster", "subscriber"]);
  await place.done("uninstall", "--role", "subscriber");
  deepStrictEqual(await programs(), []);
});

Deno.test("a dry run says what would be done, and does nothing", async () => {
  await using place = await InstallPlace.create();
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
  await using place = await InstallPlace.create();
  await place.done("install", "--prefix", "/opt/ban club");
  const program = place.path("opt/ban club/bin/fail2ban-monitor");
  const { stdout } = await new Deno.Command(program, { args: ["run"] })
    .output();
  strictEqual(new TextDecoder().decode(stdout), "monitor 1.0.0 run\n");
  const unit = await Deno.readTextFile(
    place.path("etc/systemd/system/fail2ban-monitor.service"),
  );
  match(unit, /^ExecStart="\/opt\/ban club\/bin\/fail2ban-monitor" run$/m);
  match(
    unit,
    /^Documentation=file:\/opt\/ban%%20club\/share\/doc\/fail2ban-cluster\/README\.md$/m,
  );
  await place.done("verify", "--prefix", "/opt/ban club");
});
