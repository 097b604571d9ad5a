import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { findRoles } from "../../../tools/compile.ts";
import { RUNTIME_FLAGS } from "../../../roles/program/runtime_flags.ts";
import { Stage } from "../../../tools/compile/stage.ts";
import {
  onlyAddonFor,
  platformOf,
  TARGETS,
} from "../../../tools/compile/targets.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const PROJECT = decodeURIComponent(
  new URL("../../..", import.meta.url).pathname,
)
  .replace(/\/$/, "");
/** `deno compile` appends to whatever it is given, so this stands in for the base runtime. */
const BASE = await Deno.realPath("/bin/true");
/** A program reads all of it at every start. */
const MAX_EMBEDDED_BYTES = 4_600_000;

/** Runs `deno task compile`, as its permissions allow. */
async function compile(base: string, ...args: string[]) {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", "--cwd", PROJECT, "compile", ...args],
    env: { DENORT_BIN: base, NO_COLOR: "1" },
    stdout: "null",
  }).output();
  const lines = new TextDecoder().decode(stderr).trimEnd().split("\n");
  const own = lines.filter((line) => line.startsWith("compile: "));
  return { code, own, all: lines.join("\n") };
}

/** All files in a folder, by their paths from it. */
async function filesOf(dir: string, within = ""): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${within}`)) {
    const path = `${within}${name}`;
    if (isDirectory) files.push(...await filesOf(dir, `${path}/`));
    else files.push(path);
  }
  return files.toSorted();
}

Deno.test("findRoles() finds the files of roles/, and no folder", async () => {
  const roles = await findRoles();
  const expected: string[] = [];
  for await (const { name, isFile } of Deno.readDir(`${PROJECT}/roles`)) {
    if (isFile) expected.push(name.replace(/\.ts$/, ""));
  }
  deepStrictEqual(roles, expected.toSorted());
  ok(roles.includes("monitor") && !roles.includes("program"));
});

Deno.test("every role has a permission set of its own", async () => {
  for (const role of await findRoles()) {
    ok(Object.hasOwn(deno.permissions, role), role);
  }
});

Deno.test("onlyAddonFor() takes the newest of several addons, and refuses a platform without one", () => {
  const linux = { os: "linux", arch: "x64", libc: "glibc" };
  const built = (abi: number, other = {}) =>
    JSON.stringify({ ...linux, abi, ...other });
  const manifest = {
    [built(72)]: "old",
    [built(127)]: "new",
    [built(115)]: "middle",
    [built(200, { libc: "musl" })]: "musl",
    [built(200, { arch: "arm64" })]: "arm",
  };
  deepStrictEqual(onlyAddonFor(manifest, linux), { [built(127)]: "new" });
  let message = "";
  try {
    onlyAddonFor(manifest, { ...linux, os: "plan9" });
  } catch (error) {
    message = String(error);
  }
  strictEqual(message, "Error: zeromq has no addon for plan9 x64 glibc");
});

for (const target of Object.keys(TARGETS)) {
  Deno.test(`what is embedded for ${target} has that platform's addon only, and nothing that doesn't run`, async () => {
    const platform = platformOf(target);
    await using stage = await Stage.make({
      project: PROJECT,
      entry: "roles/executable/all_roles.ts",
      platform,
      forExecutable: true,
    });
    const files = await filesOf(`${stage.dir}/node_modules`);
    const addons = files.filter((path) => path.endsWith(".node"));
    strictEqual(addons.length, 1, addons.join("\n"));
    const { os, arch, libc } = platform;
    match(addons[0] ?? "", RegExp(`/build/${os}/${arch}/node/${libc}-`));
    deepStrictEqual(
      files.filter((path) => /\.(?:map|md|d\.ts|cc|h)$|\/src\//.test(path)),
      [],
    );
    const names = stage.packages.map(({ name }) => name);
    deepStrictEqual(
      names.filter((name) => /^@types|fast-check|fake-timers/.test(name)),
      [],
    );
    ok(names.includes("zeromq") && names.includes("cmake-ts"), `${names}`);
  });
}

Deno.test("a release has one executable with every role, what goes with it, and sums that hold; a second one is the same", async () => {
  await using dir = await TempDir.create();
  const out = dir.path("a b");
  for (const again of [out, dir.path("again")]) {
    const { code, all } = await compile(BASE, "--out", again);
    strictEqual(code, 0, all);
  }
  const sums = await Deno.readTextFile(`${out}/SHA256SUMS`);
  strictEqual(sums, await Deno.readTextFile(dir.path("again/SHA256SUMS")));
  const { success } = await new Deno.Command("sha256sum", {
    args: ["--check", "--strict", "--quiet", "SHA256SUMS"],
    cwd: out,
  }).output();
  ok(success);
  const files = await filesOf(out);
  deepStrictEqual(
    files.filter((path) => path !== "SHA256SUMS"),
    sums.trimEnd().split("\n").map((line) => line.slice(66)).toSorted(),
  );
  const programs = files.filter((path) => /^fail2ban-[a-z]+$/.test(path));
  deepStrictEqual(
    programs,
    (await findRoles()).map((role) => `fail2ban-${role}`),
  );
  const { size: base } = await Deno.stat(BASE);
  const { size, mode } = await Deno.lstat(`${out}/fail2ban-cluster`);
  ok(size - base < MAX_EMBEDDED_BYTES, `${size - base} bytes are embedded`);
  strictEqual((mode ?? 0) & 0o111, 0o111);
  const whole = await Deno.readFile(`${out}/fail2ban-cluster`);
  const text = new TextDecoder("latin1").decode(whole);
  for (const flag of RUNTIME_FLAGS) {
    ok(text.includes(`"${flag.replace("--v8-flags=", "")}"`), flag);
  }
  for (const name of programs.filter((each) => each !== "fail2ban-cluster")) {
    strictEqual(await Deno.readLink(`${out}/${name}`), "fail2ban-cluster");
  }
  strictEqual(
    await Deno.readTextFile(`${out}/RELEASE`),
    `version=${deno.version}\ntarget=${Deno.build.target}\n`,
  );
});

Deno.test("the bill of materials names each package that is embedded, with the lock file's sum", async () => {
  await using dir = await TempDir.create();
  const { code, all } = await compile(BASE, "--out", dir.path());
  strictEqual(code, 0, all);
  const bom = JSON.parse(await Deno.readTextFile(dir.path("sbom.cdx.json")));
  const names: string[] = [];
  for (const { name, version, purl, hashes } of bom.components) {
    names.push(name);
    // A scope's "@" is percent-encoded: https://github.com/package-url/purl-spec
    strictEqual(purl, `pkg:npm/${name.replace("@", "%40")}@${version}`);
    match(hashes[0].content, /^[0-9a-f]{128}$/);
  }
  deepStrictEqual(
    ["cmake-ts", "ipaddr.js", "minimist", "zeromq"].filter((name) =>
      !names.includes(name)
    ),
    [],
  );
});

Deno.test("a role that is compiled alone is in the place of its link, and what that led to stays", async () => {
  await using dir = await TempDir.create();
  const out = dir.path("out");
  const whole = await compile(BASE, "--out", out);
  strictEqual(whole.code, 0, whole.all);
  const before = await Deno.lstat(`${out}/fail2ban-cluster`);
  const alone = await compile(BASE, "--out", out, "--role", "monitor");
  strictEqual(alone.code, 0, alone.all);
  const { isFile, size } = await Deno.lstat(`${out}/fail2ban-monitor`);
  const after = await Deno.lstat(`${out}/fail2ban-cluster`);
  deepStrictEqual([isFile, after.size], [true, before.size]);
  ok(size < before.size, `${size}`);
});

Deno.test("one role is compiled into a release beside the others, but not into another target's", async () => {
  await using dir = await TempDir.create();
  const out = dir.path("out");
  const first = await compile(BASE, "--out", out, "--role", "monitor");
  strictEqual(first.code, 0, first.all);
  const second = await compile(BASE, "--out", out, "--role", "publisher");
  strictEqual(second.code, 0, second.all);
  const files = await filesOf(out);
  ok(
    files.includes("fail2ban-monitor") && files.includes("fail2ban-publisher"),
  );
  ok(!files.includes("fail2ban-subscriber"));
  await Deno.writeTextFile(`${out}/RELEASE`, "version=0\ntarget=other\n");
  const { code, own } = await compile(BASE, "--out", out, "--role", "monitor");
  strictEqual(code, 4);
  deepStrictEqual(own, [
    `compile: error: ${out} holds another version or target`,
    "compile: hint: compile all roles, or name another folder with --out",
  ]);
});

Deno.test("what an earlier release left is removed, what is somebody else's stays", async () => {
  await using dir = await TempDir.create();
  const sum = "0".repeat(64);
  await dir.write("fail2ban-gone", "");
  await dir.write("notes.txt", "");
  await dir.write("SHA256SUMS", `${sum}  fail2ban-gone\n${sum}  ../up\n`);
  const { code, all } = await compile(BASE, "--out", dir.path());
  strictEqual(code, 0, all);
  const files = await filesOf(dir.path());
  ok(!files.includes("fail2ban-gone") && files.includes("notes.txt"));
});

Deno.test("without a base runtime there is one message with both ways out", async () => {
  await using dir = await TempDir.create();
  const { code, own, all } = await compile("/nonexistent", "--out", dir.path());
  strictEqual(code, 4);
  deepStrictEqual(own, [
    "compile: error: there is no base runtime to compile with",
    `compile: hint: let this machine reach the downloads of Deno, or set DENORT_BIN to a file: denort ${Deno.version.deno} for ${Deno.build.target}`,
  ]);
  ok(!all.includes("://"), all);
});

Deno.test("compile refuses what it does not know with exit code 2 and a hint", async () => {
  const targets = Object.keys(TARGETS).join(", ");
  const roles = (await findRoles()).join(", ");
  const refusals: [string[], string[]][] = [
    [["--target", "sparc"], [
      'compile: error: unknown target "sparc"',
      `compile: hint: there are ${targets}`,
    ]],
    [["--role", "program"], [
      'compile: error: unknown role "program"',
      `compile: hint: there are ${roles}`,
    ]],
    [["--rol", "monitor"], [
      'compile: error: unknown argument "--rol"',
      "compile: hint: there are --target, --role, --out, --preload, --launchers",
    ]],
    [["--role"], ["compile: error: --role needs a value"]],
  ];
  for (const [args, lines] of refusals) {
    const { code, own } = await compile(BASE, ...args);
    deepStrictEqual({ code, own }, { code: 2, own: lines });
  }
});
