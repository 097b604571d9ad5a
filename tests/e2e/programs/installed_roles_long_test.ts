import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import deno from "../../../deno.json" with { type: "json" };
import { findRoles } from "../../../tools/compile.ts";
import { PROJECT, runInstaller } from "../../support/install/installer.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const MAX_EXECUTABLE_BYTES = 100_000_000;

/** Runs a program to its end; gives what it wrote to standard output. */
async function output(command: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args })
    .output();
  const decoder = new TextDecoder();
  ok(success, decoder.decode(stderr));
  return decoder.decode(stdout);
}

/** The executables under test, else scripts that run the sources. */
async function releaseIn(dir: TempDir): Promise<string> {
  const compiled = Deno.env.get("F2BC_BIN");
  if (compiled !== undefined) return compiled;
  const out = dir.path("re lease");
  const compile = ["run", "-P=compile", "tools/compile.ts", "--launchers"];
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...compile, "--out", out],
    cwd: PROJECT,
    stdout: "null",
  }).output();
  ok(success, new TextDecoder().decode(stderr));
  return out;
}

Deno.test("each role runs from the sources with deno run -A", async () => {
  for (const role of await findRoles()) {
    const args = ["run", "--quiet", "-A", `${PROJECT}/roles/${role}.ts`];
    strictEqual(
      await output(Deno.execPath(), ...args, "--version"),
      `fail2ban-${role} ${deno.version}\n`,
    );
  }
});

Deno.test("each role of a release runs from the path it is installed at, by a link too", async () => {
  await using dir = await TempDir.create();
  const release = await releaseIn(dir);
  const root = dir.path("a root");
  const args = ["--from", release, "--destdir", root, "--prefix", "/opt/f b"];
  const { code, complained } = await runInstaller(["install", ...args]);
  strictEqual(code, 0, complained.join("\n"));
  for (const role of await findRoles()) {
    const program = `${root}/opt/f b/bin/fail2ban-${role}`;
    await Deno.symlink(program, dir.path(role));
    for (const path of [program, dir.path(role)]) {
      strictEqual(
        await output(path, "--version"),
        `fail2ban-${role} ${deno.version}\n`,
      );
    }
    const { size } = await Deno.stat(program);
    ok(size < MAX_EXECUTABLE_BYTES, `${program} has ${size} bytes`);
  }
  const config = `${root}/etc/fail2ban-cluster/fail2ban-cluster.conf`;
  match(
    await output(
      `${root}/opt/f b/bin/fail2ban-monitor`,
      "check",
      "--config",
      config,
    ),
    /the configuration is good$/m,
  );
  const second = await runInstaller(["install", ...args]);
  deepStrictEqual(second.said, [
    "nothing to do: fail2ban-cluster is installed as it should be",
  ]);
});
