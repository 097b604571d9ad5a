import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { ConfigError } from "../../../lib/base/errors.ts";
import {
  DEFAULT_CONFIG_PATH,
  readConfigFiles,
} from "../../../lib/config/io/config_file.ts";
import { TempDir } from "../../support/host/temp_dir.ts";

const NOWHERE = "/nonexistent";

function isProblem(file: string, expected: string | RegExp) {
  return (error: unknown) => {
    ok(error instanceof ConfigError, String(error));
    strictEqual(error.problems.length, 1);
    const problem = error.problems[0];
    strictEqual(problem?.file, file);
    if (typeof expected === "string") strictEqual(problem.expected, expected);
    else ok(expected.test(problem.expected), problem.expected);
    return true;
  };
}

Deno.test("readConfigFiles() reads the file that is named, and *.local beside it after it", async () => {
  await using dir = await TempDir.create();
  const conf = await dir.write("a.conf", "[general]\n", 0o600);
  deepStrictEqual(await readConfigFiles(conf, NOWHERE), [
    { path: conf, text: "[general]\n", isWorldReadable: false },
  ]);
  const local = await dir.write("a.local", "# mine\n", 0o640);
  deepStrictEqual(await readConfigFiles(conf, NOWHERE), [
    { path: conf, text: "[general]\n", isWorldReadable: false },
    { path: local, text: "# mine\n", isWorldReadable: false },
  ]);
});

Deno.test("readConfigFiles() looks for *.local beside a file that is not named *.conf", async () => {
  await using dir = await TempDir.create();
  const file = await dir.write("settings", "");
  const local = await dir.write("settings.local", "");
  const files = await readConfigFiles(file, NOWHERE);
  deepStrictEqual(files.map(({ path }) => path), [file, local]);
});

for (const mode of [0o600, 0o640, 0o604, 0o644, 0o666]) {
  const isWorldReadable = (mode & 0o004) !== 0;
  Deno.test(`readConfigFiles() says that mode ${mode.toString(8)} is ${isWorldReadable ? "" : "not "}for everybody`, async () => {
    await using dir = await TempDir.create();
    const conf = await dir.write("a.conf", "", mode);
    const local = await dir.write("a.local", "", mode ^ 0o004);
    deepStrictEqual(await readConfigFiles(conf, NOWHERE), [
      { path: conf, text: "", isWorldReadable },
      { path: local, text: "", isWorldReadable: !isWorldReadable },
    ]);
  });
}

Deno.test("readConfigFiles() follows a link, and asks the file itself who may read it", async () => {
  await using dir = await TempDir.create();
  await dir.write("real", "text", 0o600);
  await Deno.symlink("real", dir.path("a.conf"));
  deepStrictEqual(await readConfigFiles(dir.path("a.conf"), NOWHERE), [
    { path: dir.path("a.conf"), text: "text", isWorldReadable: false },
  ]);
});

Deno.test("readConfigFiles() looks in /etc, then beside the program, when no file is named", async () => {
  await using dir = await TempDir.create();
  const beside = await dir.write("fail2ban-cluster.conf", "");
  await dir.write("fail2ban-cluster.local", "");
  const [main, local] = await readConfigFiles(undefined, dir.path());
  const isInEtc = await exists(DEFAULT_CONFIG_PATH);
  strictEqual(main?.path, isInEtc ? DEFAULT_CONFIG_PATH : beside);
  if (!isInEtc) strictEqual(local?.path, dir.path("fail2ban-cluster.local"));
});

Deno.test("readConfigFiles() names every place that it looked in", async () => {
  if (await exists(DEFAULT_CONFIG_PATH)) {
    await readConfigFiles(undefined, NOWHERE);
    return;
  }
  await rejects(readConfigFiles(undefined, NOWHERE), (error: unknown) => {
    ok(error instanceof ConfigError);
    strictEqual(error.hint, "name it with --config FILE");
    const expected = "a configuration file";
    deepStrictEqual(error.problems, [
      { file: DEFAULT_CONFIG_PATH, expected },
      { file: `${NOWHERE}/fail2ban-cluster.conf`, expected },
    ]);
    return true;
  });
});

Deno.test("readConfigFiles() reads no other file than the one that is named", async () => {
  await using dir = await TempDir.create();
  await dir.write("fail2ban-cluster.conf", "");
  const named = dir.path("missing.conf");
  await rejects(
    readConfigFiles(named, dir.path()),
    isProblem(named, "a configuration file"),
  );
});

Deno.test("readConfigFiles() takes no *.local without its *.conf", async () => {
  await using dir = await TempDir.create();
  await dir.write("a.local", "");
  const named = dir.path("a.conf");
  await rejects(
    readConfigFiles(named, dir.path()),
    isProblem(named, "a configuration file"),
  );
});

Deno.test("readConfigFiles() refuses what is no file, and says so", async () => {
  await using dir = await TempDir.create();
  await Deno.mkdir(dir.path("folder.conf"));
  const file = await dir.write("file", "");
  const refusals: readonly (readonly [string, string | RegExp])[] = [
    [dir.path("folder.conf"), "a file"],
    ["/dev/null", "a file"],
    [`${file}/a.conf`, /^a file that can be read: Not a directory/],
    [
      `${dir.path()}/${"a".repeat(300)}`,
      /^a file that can be read: .*too long/,
    ],
  ];
  for (const [path, expected] of refusals) {
    await rejects(readConfigFiles(path, NOWHERE), isProblem(path, expected));
  }
});

Deno.test("readConfigFiles() refuses a *.local that is no file", async () => {
  await using dir = await TempDir.create();
  const conf = await dir.write("a.conf", "");
  await Deno.mkdir(dir.path("a.local"));
  await rejects(
    readConfigFiles(conf, NOWHERE),
    isProblem(dir.path("a.local"), "a file"),
  );
});

Deno.test("readConfigFiles() refuses a file beyond all measure without reading it", async () => {
  await using dir = await TempDir.create();
  const conf = await dir.write("a.conf", "");
  await Deno.truncate(conf, 1 << 20);
  strictEqual((await readConfigFiles(conf, NOWHERE))[0]?.text.length, 1 << 20);
  await Deno.truncate(conf, 2 ** 40);
  await rejects(
    readConfigFiles(conf, NOWHERE),
    isProblem(conf, "at most 1048576 bytes"),
  );
});

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
