import { deepStrictEqual, strictEqual } from "node:assert/strict";
import deno from "../../deno.json" with { type: "json" };
import { chooseRole, surplusOf } from "../../roles/executable/chosen_role.ts";
import { findRoles } from "../../tools/compile.ts";
import { TempDir } from "../support/host/temp_dir.ts";
import { PROJECT } from "../support/install/installer.ts";
import { importsOf } from "../../tools/import_graph.ts";

const { cluster, executable, monitor, node, publisher, subscriber } =
  deno.permissions;

for (
  const [name, argv, role, args] of [
    ["/usr/bin/fail2ban-monitor", ["run"], "monitor", ["run"]],
    ["fail2ban-publisher", ["subscriber"], "publisher", ["subscriber"]],
    ["./fail2ban-subscriber", [], "subscriber", []],
    ["fail2ban-cluster", ["monitor", "check"], "monitor", ["check"]],
    ["fail2ban-cluster", ["status", "monitor"], "cluster", [
      "status",
      "monitor",
    ]],
    ["fail2ban-cluster", [], "cluster", []],
    ["fail2ban-node", [], "node", []],
    ["fail2ban-cluster", ["node", "run"], "node", ["run"]],
    ["fail2ban-cluster", ["node", "--config=/a"], "cluster", [
      "node",
      "--config=/a",
    ]],
    ["fail2ban-cluster", ["node", "list"], "cluster", ["node", "list"]],
    ["fail2ban-cluster", ["node", "--help"], "cluster", ["node", "--help"]],
    ["fail2ban-cluster", ["node"], "cluster", ["node"]],
    ["f2bc", ["publisher", "start"], "publisher", ["start"]],
    ["f2bc", ["publisher", "list"], "cluster", ["publisher", "list"]],
    ["", ["why", "192.0.2.1"], "cluster", ["why", "192.0.2.1"]],
  ] as const
) {
  Deno.test(`"${name}" with "${argv.join(" ")}" is the ${role}`, () => {
    deepStrictEqual(chooseRole(name, argv), { role, args: [...args] });
  });
}

Deno.test("the executable of all roles has every role, and may what they may together", async () => {
  const path = "roles/executable/all_roles.ts";
  const imported = importsOf(path, await Deno.readTextFile(path));
  deepStrictEqual(
    (await findRoles()).filter((role) =>
      !imported.includes(`roles/${role}.ts`)
    ),
    [],
  );
  const sets = [cluster, monitor, node, publisher, subscriber];
  const united = (key: "env" | "sys") =>
    [...new Set(sets.flatMap((set) => set[key]))].toSorted();
  deepStrictEqual(executable.env, united("env"));
  deepStrictEqual(executable.sys, united("sys"));
  for (const set of sets) {
    const { net, read, run, write } = set;
    deepStrictEqual([net, read, run, write], [true, true, true, true]);
  }
});

Deno.test("a role gives up what only others need: the operator's command all native code", () => {
  deepStrictEqual(surplusOf(executable, executable), []);
  const given = surplusOf(executable, cluster);
  const variables = given.flatMap((each) =>
    each.name === "env" ? each.variable ?? "" : []
  );
  strictEqual(variables.includes("F2BC_DETACHED"), true);
  strictEqual(variables.some((name) => cluster.env.includes(name)), false);
  strictEqual(given.filter(({ name }) => name === "ffi").length, 1);
  deepStrictEqual(
    surplusOf(executable, publisher).filter(({ name }) => name === "ffi"),
    [],
  );
});

Deno.test("what was given up can't be had", async () => {
  await using dir = await TempDir.create();
  const program = `
    import { surplusOf } from "${PROJECT}/roles/executable/chosen_role.ts";
    import deno from "${PROJECT}/deno.json" with { type: "json" };
    const { executable, cluster } = deno.permissions;
    for (const each of surplusOf(executable, cluster)) Deno.permissions.revokeSync(each);
    const tries = [
      () => Deno.dlopen("libc.so.6", {}),
      () => Deno.env.get("F2BC_DETACHED"),
      () => Deno.networkInterfaces(),
      () => Deno.env.get("HOME"),
      () => Deno.hostname(),
    ];
    for (const each of tries) {
      try { each(); console.log("had"); } catch (error) { console.log(error.name); }
    }`;
  await dir.write("program.ts", program);
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--no-prompt", "--no-check", "-P=executable"],
      ...["--config", `${PROJECT}/deno.json`, dir.path("program.ts")],
    ],
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) =>
    new TextDecoder().decode(bytes)
  );
  strictEqual(out, `${"NotCapable\n".repeat(3)}had\nhad\n`, err);
});
