import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { runInstaller, writeRelease } from "../../support/install/installer.ts";
import { testWith } from "../../support/host/real_parts.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

/** A folder with a release in it, and nothing else. */
async function withRelease(
  run: (dir: TempDir, release: string) => Promise<void>,
): Promise<void> {
  await using dir = await TempDir.create();
  await run(dir, await writeRelease(dir.path("release")));
}

/** Puts a program before those of the system. */
async function pathWith(
  dir: TempDir,
  programs: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  await Deno.mkdir(dir.path("bin"), { recursive: true });
  for (const [name, text] of Object.entries(programs)) {
    await dir.write(`bin/${name}`, `#!/bin/sh\n${text}\n`, 0o755);
  }
  return { PATH: `${dir.path("bin")}:${Deno.env.get("PATH")}` };
}

/** What is in the folder beside the release. */
async function namesIn(dir: TempDir): Promise<string[]> {
  const all = await Array.fromAsync(Deno.readDir(dir.path()));
  return all.map(({ name }) => name).toSorted();
}

Deno.test("a program that was tampered with is refused, and nothing is installed", async () => {
  await withRelease(async (dir, release) => {
    const program = `${release}/fail2ban-publisher`;
    await Deno.writeTextFile(program, "#!/bin/sh\necho evil\n");
    for (const verb of ["install", "verify"]) {
      const { code, said, complained } = await runInstaller(
        [verb, "--from", release, "--destdir", dir.path("root")],
      );
      strictEqual(code, 4);
      ok(said.includes("fail2ban-publisher: FAILED"), said.join("\n"));
      deepStrictEqual(complained.slice(-2), [
        `install.sh: error: ${release} is not what was released`,
        "install.sh: hint: nothing was installed; get it anew",
      ]);
    }
    deepStrictEqual(await namesIn(dir), ["release"]);
  });
});

Deno.test("checksums that are missing, malformed or lead out of the release are refused", async () => {
  await withRelease(async (dir, release) => {
    const sum = "0".repeat(64);
    const bad = [undefined, "", `${sum} one-space\n`, `${sum}  /etc/passwd\n`];
    bad.push(`${sum}  systemd/../../up\n`, `${sum.toUpperCase()}X  a\n`);
    for (const text of bad) {
      const path = `${release}/SHA256SUMS`;
      if (text === undefined) await Deno.remove(path);
      else await Deno.writeTextFile(path, text);
      const { code, complained } = await runInstaller(
        ["install", "--from", release, "--destdir", dir.path("root")],
      );
      strictEqual(code, 4, `${text}`);
      match(complained.join("\n"), /install\.sh: error: .*\/release/);
    }
    deepStrictEqual(await namesIn(dir), ["release"]);
  });
});

Deno.test("a file that no checksum names is neither installed nor run", async () => {
  await withRelease(async (dir, release) => {
    await Deno.writeTextFile(`${release}/fail2ban-evil`, "#!/bin/sh\n");
    await Deno.writeTextFile(`${release}/installer/zz.sh`, "echo evil\n");
    const { code, said } = await runInstaller(
      ["install", "--from", release, "--destdir", dir.path("root")],
    );
    strictEqual(code, 0);
    ok(!said.some((line) => line.includes("evil")));
    const sums = await Deno.readTextFile(`${release}/SHA256SUMS`);
    for (const name of ["RELEASE", "installer/plan.sh"]) {
      const others = sums.split("\n").filter((line) => !line.endsWith(name));
      await Deno.writeTextFile(`${release}/SHA256SUMS`, others.join("\n"));
      const { code, complained } = await runInstaller(
        ["install", "--from", release, "--destdir", dir.path("other")],
      );
      strictEqual(code, 4);
      ok(complained[0]?.endsWith(` don't name ${name}`), complained.join());
    }
  });
});

Deno.test("a platform without a release is refused, and it is said which there are", async () => {
  await withRelease(async (dir, release) => {
    const platforms: [Record<string, string>, string][] = [
      [
        { uname: `[ "$1" = -m ] && echo riscv64 || echo Linux` },
        "Linux on riscv64",
      ],
      [
        { uname: `[ "$1" = -m ] && echo amd64 || echo FreeBSD` },
        "FreeBSD on amd64",
      ],
      [{ getconf: "exit 1" }, `Linux on ${Deno.build.arch}`],
    ];
    for (const [programs, name] of platforms) {
      const env = await pathWith(dir, programs);
      const { code, complained } = await runInstaller(
        ["install", "--from", release, "--destdir", dir.path("root")],
        { env },
      );
      strictEqual(code, 4);
      deepStrictEqual(complained, [
        `install.sh: error: there is nothing for ${name}`,
        "install.sh: hint: there is for Linux with glibc and for macOS, on x86_64 and aarch64",
      ]);
      await Deno.remove(dir.path("bin"), { recursive: true });
    }
    deepStrictEqual(await namesIn(dir), ["release"]);
  });
});

Deno.test("a release for another platform is refused", async () => {
  await withRelease(async (dir, release) => {
    await writeRelease(release, { target: "aarch64-apple-darwin" });
    const { code, complained } = await runInstaller(
      ["install", "--from", release, "--destdir", dir.path("root")],
    );
    strictEqual(code, 4);
    deepStrictEqual(complained, [
      `install.sh: error: ${release} is for aarch64-apple-darwin, and this is ${Deno.build.target}`,
    ]);
  });
});

testWith(
  "setpriv",
  "somebody who is not root may install into a destination folder only",
  async () => {
    await withRelease(async (dir, release) => {
      await Deno.chmod(dir.path(), 0o755);
      const by = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
        "sh",
      ] as const;
      for (const verb of ["install", "upgrade", "uninstall"]) {
        const { code, complained } = await runInstaller([verb], {
          from: release,
          by,
        });
        strictEqual(code, 4);
        deepStrictEqual(complained, [
          "install.sh: error: this user may not install for the whole host",
          "install.sh: hint: run it as root, or give --destdir DIR",
        ]);
      }
      await Deno.mkdir(dir.path("theirs"));
      await Deno.chown(dir.path("theirs"), 65534, 65534);
      const { code, complained } = await runInstaller(
        ["install", "--destdir", dir.path("theirs")],
        { from: release, by },
      );
      strictEqual(code, 0, complained.join("\n"));
    });
  },
);

testWith(
  "mountns",
  "a prefix that can't be written to is refused before anything is changed",
  async () => {
    await withRelease(async (dir, release) => {
      await Deno.mkdir(dir.path("root/opt"), { recursive: true });
      const script =
        `mount -t tmpfs -o ro tmpfs "$1/opt" && shift && exec sh "$@"`;
      const { code, complained } = await runInstaller(
        ["install", "--destdir", dir.path("root"), "--prefix", "/opt/f2bc"],
        {
          from: release,
          by: [
            "unshare",
            "--mount",
            "sh",
            "-c",
            script,
            "sh",
            dir.path("root"),
          ],
        },
      );
      strictEqual(code, 4, complained.join("\n"));
      deepStrictEqual(complained, [
        `install.sh: error: ${dir.path("root")}/opt can't be written to`,
        "install.sh: hint: nothing was installed; --prefix names another place for programs",
      ]);
      const left = await Array.fromAsync(Deno.readDir(dir.path("root")));
      deepStrictEqual(left.map(({ name }) => name), ["opt"]);
    });
  },
);

Deno.test("arguments that make no sense are refused with exit code 2", async () => {
  await withRelease(async (_, release) => {
    const refusals: [string[], RegExp][] = [
      [[], /one of install, upgrade, uninstall, verify is needed/],
      [["install", "upgrade"], /one of install/],
      [["install", "--rol", "monitor"], /unknown argument "--rol"/],
      [["install", "--role"], /--role needs a value/],
      [["install", "--from", ""], /--from needs a value/],
      [["install", "--role", " "], /a role is a word in lower case/],
      [["uninstall", "--from", "a"], /uninstall takes no --from/],
      [["install", "--role", "a;b"], /a role is a word in lower case/],
      [["install", "--prefix", "/a|b"], /--prefix and --destdir may have/],
      [["install", "--version", "../x"], /"\.\.\/x" is no version/],
      [["install", "--from", "a", "--from-source"], /exclude each other/],
      [["install", "--version", "1", "--from", "a"], /exclude each other/],
      [["install", "--purge"], /--purge goes with uninstall/],
      [["uninstall", "--purge", "--role", "monitor"], /--purge goes with/],
      [
        ["install", "--role", "nosuch", "--destdir", "/nonexistent"],
        /there is no role "nosuch"/,
      ],
    ];
    for (const [args, expected] of refusals) {
      const { code, complained } = await runInstaller(args, { from: release });
      strictEqual(code, 2, args.join(" "));
      match(complained.join("\n"), expected);
    }
  });
});

Deno.test("install.sh --help shows every option in at most 80 columns", async () => {
  const { code, said } = await runInstaller(["--help"]);
  strictEqual(code, 0);
  ok(said.length <= 40);
  for (const line of said) ok(line.length <= 80, line);
  for (
    const option of [
      "role",
      "from",
      "version",
      "from-source",
      "prefix",
      "destdir",
      "dry-run",
      "yes",
      "purge",
    ]
  ) {
    ok(said.some((line) => line.includes(`--${option}`)), option);
  }
});

testWith(
  "shellcheck",
  "the scripts are POSIX sh, and shellcheck has nothing to say",
  async () => {
    const project = decodeURIComponent(
      new URL("../../..", import.meta.url).pathname,
    );
    const parts = await Array.fromAsync(Deno.readDir(`${project}installer`));
    const { success, stdout } = await new Deno.Command("shellcheck", {
      args: [
        ...["install.sh", "tools/from_source.sh"],
        ...parts.map(({ name }) => `installer/${name}`),
      ],
      cwd: project,
    }).output();
    ok(success, new TextDecoder().decode(stdout));
  },
);

Deno.test("install.sh does nothing before its last line, which calls main", async () => {
  const path = new URL("../../../install.sh", import.meta.url);
  const text = (await Deno.readTextFile(path)).replace(/<<'END'.*?^END$/ms, "");
  const lines = text.trimEnd().split("\n");
  strictEqual(lines[0], "#!/bin/sh");
  strictEqual(lines.at(-1), 'main "$@"');
  // What stands at the margin: comments, assignments, functions and their ends.
  const others = lines.slice(0, -1).filter((line) =>
    !/^(?:#|\s|$|[A-Z_]+=|[a-z_0-9]+\(\) |\}$)/.test(line)
  );
  deepStrictEqual(others, ["set -eu"]);
});
