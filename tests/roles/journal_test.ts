import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../support/host/child_process.ts";
import { outcomeOf, ownLines } from "../support/cluster/program_outcome.ts";
import {
  roleCommand,
  type RoleName,
  TestCluster,
} from "../support/cluster/test_cluster.ts";

const ROLES: readonly RoleName[] = ["monitor", "publisher", "subscriber"];
/** Starts a program as a service manager does whose journal reads standard error. */
const OURS = 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"';
/** The variable is inherited by who writes elsewhere. */
const OTHERS = 'JOURNAL_STREAM=8:12345 exec "$@"';

function startWith(
  script: string,
  role: RoleName,
  ...args: readonly string[]
): ChildProcess {
  const { command, args: before } = roleCommand(role);
  return new ChildProcess({
    command: "sh",
    args: ["-c", script, "sh", command, ...before, ...args],
  });
}

for (const role of ROLES) {
  Deno.test(`the ${role}'s lines in the journal have a priority, and neither time, program nor process id of their own`, async () => {
    await using cluster = await TestCluster.create();
    const config = await cluster.addHost("host-a");
    await using child = startWith(OURS, role, "run", "--config", config);
    await child.waitForLine(/^<6>INFO: ready version=/);
    await child.end();
    const lines = ownLines(child);
    for (const line of lines) match(line, /^<[2-7]>[A-Z]+: /);
    ok(lines.includes("<6>INFO: stopped"));
  });

  Deno.test(`the ${role}'s errors in the journal are found by their priority`, async () => {
    await using cluster = await TestCluster.create();
    const config = await cluster.addHost("host-a", {
      general: { loglevel: "LOUD" },
    });
    for (const verb of ["check", "run"]) {
      await using child = startWith(OURS, role, verb, "--config", config);
      const { code, stderr } = await outcomeOf(child);
      strictEqual(code, 3);
      match(
        stderr.join("\n"),
        /^<3>error: \S+:2: general.loglevel = LOUD: expected /,
      );
      deepStrictEqual(stderr.filter((line) => !line.startsWith("<3>")), []);
    }
  });

  Deno.test(`the ${role}'s lines are as ever where standard error is not the stream that JOURNAL_STREAM names`, async () => {
    await using cluster = await TestCluster.create();
    const config = await cluster.addHost("host-a");
    await using child = startWith(OTHERS, role, "run", "--config", config);
    await child.waitForLine(
      new RegExp(`^\\S+Z fail2ban-${role}\\[\\d+\\]: INFO: ready`),
    );
  });
}

Deno.test("JSON lines in the journal have a priority, too, which the journal takes away", async () => {
  await using cluster = await TestCluster.create();
  const config = await cluster.addHost("host-a");
  const args = ["run", "--log-format", "json", "--config", config];
  await using child = startWith(OURS, "publisher", ...args);
  await child.waitForLine(/^<6>\{.*"event":"ready"/);
});
