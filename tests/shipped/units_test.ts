import {
  BROADCAST_LIMITS,
  CONTROL_LIMITS,
  REPLY_LIMITS,
  STREAM_LIMITS,
} from "../../lib/front/front_limits.ts";
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };
import { OPTIONS } from "../../lib/config/options.ts";
import { testWith } from "../support/host/real_parts.ts";
import { TempDir } from "../support/host/temp_dir.ts";

const UNITS = decodeURIComponent(
  new URL("../../systemd/", import.meta.url).pathname,
);
/** What makes the pause between restarts grow, where `install.sh` puts it. */
const PAUSE = "/usr/local/lib/fail2ban-cluster/systemd/restart_pause.sh";
/** The exposure that `systemd-analyze security` may find, of 10; SECURITY.md states it. */
const MAX_EXPOSURE: Readonly<Record<string, number>> = {
  monitor: 1.9,
  node: 2.2,
  publisher: 1.4,
  subscriber: 2.0,
};

/** The programs that stay: roles with a section of the configuration, and the node that is two of them. */
function daemons(): string[] {
  return Object.keys(deno.permissions)
    .filter((role) => role === "node" || Object.hasOwn(OPTIONS, role))
    .toSorted();
}

async function analyze(
  ...args: string[]
): Promise<{ success: boolean; text: string }> {
  const { success, stdout, stderr } = await new Deno.Command(
    "systemd-analyze",
    { args: ["--no-pager", ...args], env: { LC_ALL: "C.UTF-8" } },
  ).output();
  const decoder = new TextDecoder();
  return { success, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

async function unitOf(role: string): Promise<string> {
  return await Deno.readTextFile(`${UNITS}fail2ban-${role}.service`);
}

Deno.test("every role that stays has a unit, and there are no others", async () => {
  const units = await Array.fromAsync(Deno.readDir(UNITS));
  deepStrictEqual(
    units.map(({ name }) => name).toSorted(),
    [
      "fail2ban-feed@.service",
      "fail2ban-feed@.timer",
      ...daemons().map((role) => `fail2ban-${role}.service`),
      "restart_pause.sh",
    ].toSorted(),
  );
});

Deno.test("a feed is fetched whole before it is imported, by the publisher's own user", async () => {
  const unit = await unitOf("feed@");
  const fetched = /^ExecStartPre=\/usr\/bin\/curl --fail .* --output (\S+) /m
    .exec(unit);
  const imported =
    /^ExecStart=\/usr\/local\/bin\/fail2ban-cluster import (\S+) --name %i \$IMPORT$/m
      .exec(unit);
  ok(fetched?.[1] !== undefined);
  strictEqual(imported?.[1], fetched[1]);
  for (const line of ["User=fail2ban-cluster", "Type=oneshot"]) {
    ok(unit.split("\n").includes(line), line);
  }
});

testWith(
  "systemd",
  "systemd-analyze verify has nothing to say of the units of feeds, security finds no more exposed than is stated",
  async () => {
    await using dir = await TempDir.create();
    const program = await dir.write("program", "#!/bin/sh\n", 0o755);
    const unit = (await unitOf("feed@"))
      .replaceAll("/usr/local/bin/fail2ban-cluster", program);
    const service = await dir.write("fail2ban-feed@.service", unit);
    const timer = await dir.write(
      "fail2ban-feed@.timer",
      await Deno.readTextFile(`${UNITS}fail2ban-feed@.timer`),
    );
    await Deno.copyFile(service, dir.path("fail2ban-feed@drop.service"));
    await Deno.copyFile(timer, dir.path("fail2ban-feed@drop.timer"));
    const { success, text } = await analyze(
      "verify",
      dir.path("fail2ban-feed@drop.service"),
      dir.path("fail2ban-feed@drop.timer"),
    );
    strictEqual(text, "");
    ok(success);
    const { text: said } = await analyze("security", "--offline=yes", service);
    const exposure = /exposure level for \S+: (\d+\.\d+) /.exec(said)?.[1];
    ok(Number(exposure) <= (MAX_EXPOSURE["publisher"] ?? 0), `${exposure}`);
  },
);

Deno.test("the monitor's unit lets it read fail2ban's database, and change nothing", async () => {
  const lines = (await unitOf("monitor")).split("\n");
  deepStrictEqual(lines.filter((line) => line.includes("CAP_")).slice(-2), [
    "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
    "AmbientCapabilities=CAP_DAC_READ_SEARCH",
  ]);
});

Deno.test("what the subscriber's unit logs is where the shipped jail looks", async () => {
  const lines = (await unitOf("subscriber")).split("\n");
  ok(lines.includes("SyslogFacility=auth"));
  ok(lines.includes("SyslogIdentifier=fail2ban-subscriber"));
});

Deno.test("a node's unit may what those of its two roles may, and is never beside them", async () => {
  const rights = async (role: string) =>
    /^AmbientCapabilities=(.*)$/m.exec(await unitOf(role))?.[1]?.split(" ") ??
      [];
  deepStrictEqual(
    (await rights("node")).toSorted(),
    [...await rights("monitor"), ...await rights("subscriber")].toSorted(),
  );
  const lines = (await unitOf("node")).split("\n");
  ok(lines.includes(
    "Conflicts=fail2ban-monitor.service fail2ban-subscriber.service",
  ));
  ok(lines.includes("SyslogFacility=auth"));
  ok(lines.includes("SyslogIdentifier=fail2ban-node"));
});

Deno.test("the publisher's unit has descriptors for all connections that its ports take", async () => {
  const unit = await unitOf("publisher");
  const limit = Number(/^LimitNOFILE=(\d+)$/m.exec(unit)?.[1]);
  const ports = [
    CONTROL_LIMITS,
    STREAM_LIMITS,
    REPLY_LIMITS,
    BROADCAST_LIMITS,
  ];
  const connections = ports.reduce((sum, { maxOpen }) => sum + maxOpen, 0);
  const shaking = CONTROL_LIMITS.maxShaking + STREAM_LIMITS.maxShaking;
  // The peer's, both ends of the inner one, and an address for each handshake and each that was cut amid it.
  ok(limit > 3 * connections + 2 * shaking + 1_000, `${limit}`);
});

Deno.test("the publisher is started again soon", async () => {
  const unit = await unitOf("publisher");
  ok(unit.split("\n").includes("RestartSec=500ms"));
});

for (const role of daemons()) {
  Deno.test(`the ${role}'s unit waits until it is ready, checks first, and restarts what failed`, async () => {
    const unit = await unitOf(role);
    const program = `/usr/local/bin/fail2ban-${role}`;
    for (
      const line of [
        "Type=notify",
        `ExecStartPre=-${PAUSE} before ${role}`,
        `ExecStartPre=${program} check`,
        `ExecStopPost=-${PAUSE} after ${role}`,
        `ExecStart=${program} run`,
        "ExecReload=/bin/kill -HUP $MAINPID",
        "WatchdogSec=30",
        "Restart=on-failure",
        "StartLimitIntervalSec=0",
        "RestartPreventExitStatus=2 3",
        "User=fail2ban-cluster",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
      ]
    ) ok(unit.split("\n").includes(line), line);
    match(unit, /^TemporaryFileSystem=\/tmp:rw,exec,/m);
    ok(!/^MemoryDenyWriteExecute=/m.test(unit), "V8 compiles at run time");
  });

  testWith(
    "systemd",
    `systemd-analyze verify has nothing to say of the ${role}'s unit`,
    async () => {
      await using dir = await TempDir.create();
      const program = await dir.write("program", "#!/bin/sh\n", 0o755);
      const unit = (await unitOf(role))
        .replaceAll(`/usr/local/bin/fail2ban-${role}`, program)
        .replaceAll(PAUSE, program);
      const path = await dir.write(`fail2ban-${role}.service`, unit);
      const { success, text } = await analyze("verify", path);
      strictEqual(text, "");
      ok(success);
    },
  );

  testWith(
    "systemd",
    `systemd-analyze security finds the ${role}'s unit no more exposed than is stated`,
    async () => {
      const path = `${UNITS}fail2ban-${role}.service`;
      const { text } = await analyze("security", "--offline=yes", path);
      const exposure = /exposure level for \S+: (\d+\.\d+) /.exec(text)?.[1];
      ok(Number(exposure) <= (MAX_EXPOSURE[role] ?? 0), `${exposure}`);
    },
  );
}
