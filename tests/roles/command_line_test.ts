import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };
import { helpText } from "../../lib/cli/cli.ts";
import { DEFAULT_CONFIG_PATH } from "../../lib/config/io/config_file.ts";
import { appendLog } from "../support/fail2ban/fail2ban_lines.ts";
import { ChildProcess } from "../support/host/child_process.ts";
import {
  outcomeOf,
  ownLines,
  type ProgramOutcome,
  runProgram,
} from "../support/cluster/program_outcome.ts";
import {
  roleCommand,
  type RoleName,
  TestCluster,
} from "../support/cluster/test_cluster.ts";

const ROLES: readonly RoleName[] = ["monitor", "publisher", "subscriber"];
const { version } = deno;

/** Runs a program of a host to its end. */
async function run(
  cluster: TestCluster,
  role: RoleName,
  host: string,
  ...args: string[]
): Promise<ProgramOutcome> {
  const outcome = await outcomeOf(cluster.spawn(role, host, ...args));
  const text = [...outcome.stdout, ...outcome.stderr].join("\n");
  ok(!text.includes(cluster.token), "no secret is shown");
  ok(!/^(.*: error: )?\s+at /m.test(text), `no stack is shown:\n${text}`);
  return outcome;
}

/** What is said to whoever started a program, beside its log. */
function withoutLog(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line));
}

for (const role of ROLES) {
  const name = `fail2ban-${role}`;

  Deno.test(`${name} --help prints verbs, options and settings, and needs no configuration`, async () => {
    deepStrictEqual(await runProgram(role, "--help", "--config", "/none"), {
      code: 0,
      stdout: helpText({ name, role, version }).split("\n").slice(0, -1),
      stderr: [],
    });
  });

  Deno.test(`${name} --version prints name and version`, async () => {
    deepStrictEqual(await runProgram(role, "--version"), {
      code: 0,
      stdout: [`${name} ${version}`],
      stderr: [],
    });
  });

  Deno.test(`${name} refuses what it does not know with exit code 2 and a hint`, async () => {
    const hint = `${name}: hint: ${name} --help lists verbs and options`;
    const refusals: readonly (readonly [string, string])[] = [
      ["strat", 'unknown verb "strat"; did you mean start?'],
      ["--dryrun", 'unknown option "--dryrun"; did you mean --dry-run?'],
    ];
    for (const [arg, message] of refusals) {
      deepStrictEqual(await runProgram(role, arg), {
        code: 2,
        stdout: [],
        stderr: [`${name}: error: ${message}`, hint],
      });
    }
  });

  Deno.test(`${name} check says that a good configuration is good`, async () => {
    await using cluster = await TestCluster.create();
    await cluster.addHost("host-a");
    await appendLog(cluster.logPath("host-a"), "");
    deepStrictEqual(await run(cluster, role, "host-a", "check"), {
      code: 0,
      stdout: [`${name}: the configuration is good`],
      stderr: [],
    });
  });

  Deno.test(`${name} refuses to do anything with a bad configuration, and names all that is wrong at once`, async () => {
    await using cluster = await TestCluster.create();
    const config = await cluster.addHost("host-a", {
      general: { loglevel: "LOUD", hostnam: "x" },
      monitor: { authtoken: `${cluster.token}|`, unbanhold: "soon" },
      publisher: { replybindurl: "udp://127.0.0.1:1" },
    });
    const local = config.replace(/conf$/, "local");
    for (const verb of ["check", "run", "start"]) {
      const { code, stdout, stderr } = await run(cluster, role, "host-a", verb);
      strictEqual(code, 3, verb);
      deepStrictEqual(stdout, []);
      deepStrictEqual(
        stderr.map((line) => line.split(": expected ")[0]).toSorted(),
        [
          `${name}: error: ${local}:2: general.loglevel = LOUD`,
          `${name}: error: ${local}:3: general.hostnam`,
          `${name}: error: ${local}:6: monitor.authtoken`,
          `${name}: error: ${local}:7: monitor.unbanhold = soon`,
          `${name}: error: ${local}:10: publisher.replybindurl = udp://127.0.0.1:1`,
        ].toSorted(),
      );
    }
  });

  Deno.test(`${name} says with exit code 3 that there is no configuration`, async () => {
    const missing = "/nonexistent/fail2ban-cluster.conf";
    deepStrictEqual(await runProgram(role, "run", "--config", missing), {
      code: 3,
      stdout: [],
      stderr: [
        `${name}: error: ${missing}: expected a configuration file`,
        `${name}: hint: name it with --config FILE`,
      ],
    });
  });

  Deno.test(`${name} --print-config shows what holds, where it comes from, and no secret`, async () => {
    await using cluster = await TestCluster.create();
    const config = await cluster.addHost("host-a", {
      general: { loglevel: "DEBUG" },
    });
    const { code, stdout, stderr } = await run(
      cluster,
      role,
      "host-a",
      "--print-config",
    );
    strictEqual(code, 0);
    deepStrictEqual(stderr, []);
    const local = config.replace(/conf$/, "local");
    const expected = [
      "[general]",
      `loglevel = DEBUG  # ${local}:2`,
      `hostname = host-a  # ${config}:2`,
      "minprefix4 = 24  # default",
      `[${role}]`,
    ];
    deepStrictEqual(stdout.filter((line) => expected.includes(line)), expected);
    deepStrictEqual(
      stdout.filter((line) => line.startsWith("[")),
      ["[general]", `[${role}]`],
    );
    const secrets = stdout.filter((line) => line.startsWith("authtoken "));
    strictEqual(secrets.length, role === "subscriber" ? 0 : 1);
    for (const line of secrets) ok(line.startsWith("authtoken = ********  # "));
  });
}

Deno.test("a program finds the configuration beside it when there is none in /etc", async () => {
  const beside = decodeURIComponent(
    new URL("../../", import.meta.url).pathname,
  );
  const folder = Deno.env.get("F2BC_BIN") ?? beside.slice(0, -1);
  const { code, stdout } = await runProgram("publisher", "--print-config");
  strictEqual(code, 0);
  const isInEtc = await Deno.stat(DEFAULT_CONFIG_PATH).then(
    () => true,
    () => false,
  );
  const path = isInEtc
    ? DEFAULT_CONFIG_PATH
    : `${folder}/fail2ban-cluster.conf`;
  ok(stdout.join("\n").includes(`  # ${path}:`), stdout.join("\n"));
});

Deno.test("a program finds the configuration beside it in a folder with any name", async () => {
  await using cluster = await TestCluster.create();
  const folder = `${cluster.dir}/50% of #1 \u{e9}`;
  await Deno.symlink(
    decodeURIComponent(new URL("../../", import.meta.url).pathname),
    folder,
  );
  await using child = new ChildProcess({
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "--config",
      `${folder}/deno.json`,
      "-P=subscriber",
      `${folder}/roles/subscriber.ts`,
      "--print-config",
    ],
  });
  const { code, stdout } = await outcomeOf(child);
  strictEqual(code, 0, child.stderr.join("\n"));
  const isShown = stdout.some((line) =>
    line.includes(DEFAULT_CONFIG_PATH) ||
    line.includes(`${folder}/fail2ban-cluster.conf`)
  );
  ok(isShown, stdout.join("\n"));
});

Deno.test("a program warns of a token that everybody on the host can read, and works", async () => {
  await using cluster = await TestCluster.create();
  const config = await cluster.addHost("host-a");
  await Deno.chmod(config, 0o644);
  const warning =
    `${config}: expected mode 0600, or 0640 and a group of its own: everybody on this host can read the secret in it`;
  const { code, stderr } = await run(cluster, "publisher", "host-a", "check");
  strictEqual(code, 0);
  deepStrictEqual(stderr, [`fail2ban-publisher: warning: ${warning}`]);
  const running = await cluster.start("publisher", "host-a");
  const line = ownLines(running)[0] ?? "";
  ok(line.endsWith(`: WARNING: configuration warning="${warning}"`), line);
});

Deno.test("a publisher whose port is taken says so with exit code 4 and a hint", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  const { hostname, port } = new URL(cluster.replyUrl.replace(/^tcp/, "http"));
  using _ = Deno.listen({ hostname, port: Number(port) });
  const { code, stdout, stderr } = await run(cluster, "publisher", "host-a");
  strictEqual(code, 4);
  deepStrictEqual(stdout, []);
  deepStrictEqual(withoutLog(stderr), [
    `fail2ban-publisher: error: cannot listen on ${cluster.replyUrl}: Address already in use`,
    "fail2ban-publisher: hint: another program, or another copy of this one, has that port",
  ]);
});

Deno.test("a monitor that can't read fail2ban's log says so with exit code 4", async () => {
  await using cluster = await TestCluster.create();
  await cluster.addHost("host-a");
  await Deno.mkdir(cluster.logPath("host-a"));
  const { code, stderr } = await run(cluster, "monitor", "host-a", "run");
  strictEqual(code, 4);
  deepStrictEqual(withoutLog(stderr), [
    `fail2ban-monitor: error: ${cluster.logPath("host-a")} is not a file`,
    "fail2ban-monitor: hint: fail2banlogpath must be the file that fail2ban writes",
  ]);
});

Deno.test("a program whose reader has gone says nothing about it", async () => {
  const { command, args } = roleCommand("monitor");
  const child = new Deno.Command(command, {
    args: [...args, "--help"],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await child.stdout.cancel();
  const stderr = await new Response(child.stderr).text();
  strictEqual((await child.status).code, 0);
  ok(!stderr.includes("error"), stderr);
});
