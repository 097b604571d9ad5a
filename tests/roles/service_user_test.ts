import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import type { ChildProcess } from "../support/host/child_process.ts";
import { FreshMachine } from "../support/host/fresh_machine.ts";
import { testWith } from "../support/host/real_parts.ts";
import { outcomeOf } from "../support/cluster/program_outcome.ts";
import { roleCommand, type RoleName } from "../support/cluster/test_cluster.ts";

const PARTS = ["mountns", "netns", "setpriv"] as const;
const STATE = "/var/lib/fail2ban-cluster";

/**
 * As after an installation: systemd runs the services, and the state is theirs.
 * What the programs are run from can be reached by every user.
 */
const INSTALLED = `set -e
mkdir -p /run/systemd/system /run/project /run/runtime ${STATE}
chown nobody ${STATE}
mount --bind "$1" /run/project
mount --bind "$2" /run/runtime
chown -R nobody "$HOME"`;

const PROJECT = decodeURIComponent(
  new URL("../../", import.meta.url).pathname,
);

class Installed {
  readonly #machine: FreshMachine;

  constructor(machine: FreshMachine) {
    this.#machine = machine;
  }

  async prepare(): Promise<void> {
    const [program] = [roleCommand("publisher").command];
    const folder = program.slice(0, program.lastIndexOf("/"));
    const { code, stderr } = await outcomeOf(
      this.#machine.spawn(["sh", "-c", INSTALLED, "sh", PROJECT, folder]),
    );
    strictEqual(code, 0, stderr.join("\n"));
  }

  start(role: RoleName, verb: string): ChildProcess {
    const { command, args } = roleCommand(role);
    const folder = command.slice(0, command.lastIndexOf("/"));
    return this.#machine.spawn(
      [command, ...args, verb].map((word) =>
        word.replace(folder, "/run/runtime").replace(PROJECT, "/run/project/")
      ),
    );
  }
}

testWith(
  PARTS,
  "root's run acts as the service's user, hands on what ends it, and root's lift too",
  async () => {
    await using machine = await FreshMachine.create("root");
    const installed = new Installed(machine);
    await installed.prepare();
    const publisher = installed.start("publisher", "run");
    await publisher.waitForLine(/INFO: ready/);
    ok(
      publisher.stderr.includes(
        "fail2ban-publisher: acting as nobody, whose the state is",
      ),
    );
    const { code: ended } = await publisher.end("SIGTERM");
    strictEqual(ended, 0);
    const { stdout } = await outcomeOf(machine.spawn(
      ["stat", "-c", "%U", `${STATE}/publisher.sqlite3`],
    ));
    deepStrictEqual(stdout, ["nobody"]);
    const lift = await outcomeOf(installed.start("subscriber", "lift"));
    strictEqual(lift.code, 0, lift.stderr.join("\n"));
    match(lift.stderr.join("\n"), /fail2ban-subscriber: acting as nobody, /);
  },
);

testWith(
  PARTS,
  "root's start and restart are the service manager's to do, as is said in a few words",
  async () => {
    await using machine = await FreshMachine.create("root");
    const installed = new Installed(machine);
    await installed.prepare();
    for (const verb of ["start", "restart"]) {
      const { code, stderr } = await outcomeOf(
        installed.start("monitor", verb),
      );
      strictEqual(code, 4);
      deepStrictEqual(
        stderr.filter((line) => line.startsWith("fail2ban-monitor: ")),
        [
          `fail2ban-monitor: error: ${STATE} belongs to nobody, its service's user`,
          `fail2ban-monitor: hint: systemctl ${verb} fail2ban-monitor`,
        ],
      );
    }
  },
);
