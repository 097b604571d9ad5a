import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import {
  CONF,
  InstallPlace,
  isThere,
  JAIL,
} from "../../support/install/install_place.ts";
import {
  filesIn,
  snapshot,
  writeRelease,
} from "../../support/install/installer.ts";

Deno.test("uninstall leaves configuration and state, and nothing else", async () => {
  await using place = await InstallPlace.create();
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
    "etc/fail2ban-cluster/kept",
    "var",
    "var/lib",
    "var/lib/fail2ban-cluster",
    "var/lib/fail2ban-cluster/bans.sqlite3",
  ]);
});

Deno.test("uninstall keeps a jail that was edited, and says so", async () => {
  await using place = await InstallPlace.create();
  await place.done("install");
  await Deno.writeTextFile(place.path(JAIL), "# mine\n");
  const said = await place.done("uninstall");
  ok(said.includes(`${place.path(JAIL)} was edited and stays`));
  strictEqual(await Deno.readTextFile(place.path(JAIL)), "# mine\n");
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), [], "a purge takes it");
  await place.done("install");
  await Deno.writeTextFile(place.path(JAIL), "# mine\n");
  await place.done("uninstall", "--role", "subscriber");
  await place.done("verify");
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), [], "also that of a role");
});

Deno.test("an install after an uninstall knows what was not edited", async () => {
  await using place = await InstallPlace.create();
  await place.done("install");
  await place.done("uninstall");
  const files = { "fail2ban-cluster.conf": "# of 1.1.0\n" };
  await writeRelease(place.release, { version: "1.1.0", files });
  await place.done("install");
  strictEqual(await Deno.readTextFile(place.path(CONF)), "# of 1.1.0\n");
  strictEqual(await isThere(place.path("etc/fail2ban-cluster/kept")), false);
});

Deno.test("purge leaves nothing, also after an uninstall, and asks for --yes", async () => {
  await using place = await InstallPlace.create();
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

Deno.test("verify tells what is changed, missing or of another mode, and what was edited", async () => {
  await using place = await InstallPlace.create();
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
  await Deno.remove(place.path(JAIL));
  const unit = place.path("etc/systemd/system/fail2ban-monitor.service");
  await Deno.chmod(unit, 0o666);
  const { code, said, complained } = await place.run("verify");
  strictEqual(code, 4);
  const wrong = said.filter((line) => !line.startsWith("edited: "));
  deepStrictEqual(
    wrong.toSorted(),
    [
      `${monitor}: changed`,
      `${publisher}: missing`,
      `${unit}: its mode is 0666, not 0644`,
      `${place.path(JAIL)}: missing`,
    ].toSorted(),
  );
  match(complained.at(-1) ?? "", /hint: install\.sh upgrade puts it right$/);
  await place.done("upgrade");
  await place.done("verify");
  const other = await place.run("verify", "--role", "nosuch");
  strictEqual(other.code, 4);
  match(other.complained[0] ?? "", /the role "nosuch" is not installed$/);
});

Deno.test("an interrupted install is completed by the next, and can be removed", async () => {
  await using place = await InstallPlace.create();
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

Deno.test("an upgrade that is interrupted, or finds the disk full, leaves no part of a file and knows what was edited", async () => {
  await using place = await InstallPlace.create();
  await place.done("install");
  const files = {
    "fail2ban/jail.d/fail2bancluster.conf": "# of 1.1.0\n",
    "systemd/fail2ban-monitor.service": "# of 1.1.0\n",
  };
  await writeRelease(place.release, { version: "1.1.0", files });
  // It ends as a unit is about to be replaced, after the jail.
  const expiries = ["kill -INT $PPID", 'echo "no space" >&2'];
  for (const ending of expiries) {
    const { code, complained } = await place.runWith({
      cp:
        `case $2 in */fail2ban-monitor.service.f2bc*) echo half >"$2"; ${ending}; exit 1 ;; esac
exec /bin/cp "$@"`,
    }, "upgrade");
    ok(code === 130 || code === 4, `${code}`);
    if (code === 4) {
      match(complained.join("\n"), /error: .* can't be written$/m);
    }
    const files = await filesIn(place.root);
    deepStrictEqual(files.filter((path) => path.includes(".f2bc.")), []);
  }
  const said = await place.done("uninstall");
  ok(!said.some((line) => line.includes("was edited")), said.join("\n"));
  strictEqual(await isThere(place.path(JAIL)), false);
});

Deno.test("a folder of sources that could not be filled is not there, and what a killed run leaves goes with the next", async () => {
  await using place = await InstallPlace.create();
  await Deno.mkdir(`${place.release}/program/of/one`, { recursive: true });
  const files = { "program/of/one/a.ts": "a", "program/of/one/b.ts": "b" };
  await writeRelease(place.release, { files });
  const parts = async () =>
    (await filesIn(place.root)).filter((path) => path.includes("/of/"));
  const endings = {
    "kill -INT $PPID": [130, 0],
    'echo "no space" >&2': [4, 0],
    "kill -KILL $PPID": [137, 1],
  };
  for (const [ending, [expected, left]] of Object.entries(endings)) {
    const { code } = await place.runWith({
      cp: `for last; do :; done
case $last in */of/one.f2bc*) echo half >"$last/a.ts"; ${ending}; exit 1 ;; esac
exec /bin/cp "$@"`,
    }, "install");
    deepStrictEqual([code, (await parts()).length], [expected, left], ending);
  }
  await place.done("install");
  deepStrictEqual(
    (await parts()).map((path) => path.replace(/.*\/of\//, "")).toSorted(),
    ["one/a.ts", "one/b.ts"],
  );
  await place.done("uninstall", "--purge", "--yes");
  deepStrictEqual(await filesIn(place.root), []);
});

Deno.test("what is not installed can't be upgraded, verified or removed", async () => {
  await using place = await InstallPlace.create();
  for (const verb of ["upgrade", "verify", "uninstall"]) {
    const { code, complained } = await place.run(verb);
    strictEqual(code, 4);
    strictEqual(
      complained[0],
      `install.sh: error: nothing is installed under ${place.root}/usr/local`,
    );
  }
});
