import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { FreshMachine } from "../support/host/fresh_machine.ts";
import { testWith } from "../support/host/real_parts.ts";
import { roleCommand, type RoleName } from "../support/cluster/test_cluster.ts";
import { outcomeOf } from "../support/cluster/program_outcome.ts";

const PARTS = ["mountns", "netns", "setpriv"] as const;
const ORDERS: readonly (readonly RoleName[])[] = [
  ["publisher", "monitor", "subscriber"],
  ["subscriber", "publisher", "monitor"],
  ["monitor", "subscriber", "publisher"],
];
const STATE = "/var/lib/fail2ban-cluster";

for (const roles of ORDERS) {
  testWith(
    PARTS,
    `on a machine without any state ${
      roles.join(", ")
    } start together, and have nothing to complain of`,
    async () => {
      await using machine = await FreshMachine.create("root");
      const children = roles.map((role) => machine.start(role, "run"));
      for (const child of children) {
        await child.waitForLine(/INFO: ready/);
        const warned = child.stderr.filter((line) =>
          / (?:WARNING|ERROR|CRITICAL): /.test(line) &&
          !line.includes("waiting for the log")
        );
        deepStrictEqual(warned, []);
      }
      const modes = await outcomeOf(
        machine.spawn(["stat", "-c", "%a %U", STATE]),
      );
      deepStrictEqual(modes.stdout, ["700 root"]);
    },
  );
}

testWith(
  PARTS,
  "the publisher starts alone, too, and its keys are made before any start",
  async () => {
    await using machine = await FreshMachine.create("root");
    const { code } = await outcomeOf(machine.start("cluster", "init"));
    strictEqual(code, 0);
    const publisher = machine.start("publisher", "run");
    await publisher.waitForLine(/INFO: ready/);
    ok(!publisher.stderr.some((line) => line.includes("no keys")));
  },
);

testWith(
  PARTS,
  "an ordinary user's programs keep their state in folders of its own, say so once, and are found there",
  async () => {
    await using machine = await FreshMachine.create("ordinary");
    const own = `${machine.home}/.local/state/fail2ban-cluster`;
    for (const role of ["subscriber", "publisher", "monitor"] as const) {
      const child = machine.start(role, "run");
      await child.waitForLine(/INFO: ready/);
      const notes = child.stderr.filter((line) =>
        line.includes("NOTICE: configuration")
      );
      strictEqual(notes.length, 1);
      match(
        notes[0] ?? "",
        new RegExp(
          `note="state is kept in ${own}, the pid file is ${own}/fail2ban-${role}.pid: ` +
            `this user may not write ${STATE} and /var/run"$`,
        ),
      );
      ok(!child.stderr.some((line) => /can't be asked|no pid file/.test(line)));
      const { code, stdout } = await outcomeOf(
        machine.start(role, "status"),
      );
      strictEqual(code, 0);
      match(stdout[0] ?? "", / runs on .* with process id /);
    }
    const { stdout } = await outcomeOf(
      machine.start("publisher", "--print-config"),
    );
    ok(
      stdout.includes(
        `statedir = ${own}  # this user may not write the default`,
      ),
    );
  },
);

testWith(
  PARTS,
  "a user without a place for state is told which option to set",
  async () => {
    await using machine = await FreshMachine.create("ordinary");
    const { command, args } = roleCommand("publisher");
    const run = ["env", "HOME=/nonexistent", command, ...args, "run"];
    const { code, stderr } = await outcomeOf(machine.spawn(run));
    strictEqual(code, 4);
    deepStrictEqual(
      stderr.filter((line) => /^fail2ban-publisher: (?:error|hint)/.test(line))
        .map((line) => line.replace(/: Permission denied.*/, "")),
      [
        "fail2ban-publisher: error: cannot make /nonexistent/.local/state/fail2ban-cluster",
        "fail2ban-publisher: hint: set statedir in fail2ban-cluster.local to a place that this user may write, or make the folder and give it to this user",
      ],
    );
  },
);
