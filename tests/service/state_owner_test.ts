import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  asOwner,
  rootsWay,
  type StateFolder,
  type StateWriter,
} from "../../lib/service/state_owner.ts";

const FOLDER: StateFolder = {
  path: "/var/lib/fail2ban-cluster",
  uid: 998,
  gid: 997,
  owner: "fail2ban-cluster",
};
const WRITER: StateWriter = {
  program: "fail2ban-subscriber",
  verb: "run",
  uid: 0,
  hasServices: true,
};
const AS_ROOT = { kind: "root" };

for (const verb of ["run", "lift"] as const) {
  Deno.test(`root acts as a service's user to ${verb} on its state`, () => {
    deepStrictEqual(rootsWay(FOLDER, { ...WRITER, verb }), {
      kind: "owner",
      folder: FOLDER,
    });
  });
}

for (const verb of ["start", "restart"] as const) {
  Deno.test(`root is told in a few words how a service is to ${verb}`, () => {
    const way = rootsWay(FOLDER, { ...WRITER, verb });
    ok(way.kind === "refused");
    strictEqual(
      way.error.message,
      "/var/lib/fail2ban-cluster belongs to fail2ban-cluster, its service's user",
    );
    strictEqual(way.error.hint, `systemctl ${verb} fail2ban-subscriber`);
    strictEqual(way.error.exitCode, 4);
  });
}

Deno.test("asOwner() gives the rights that the service has, and no others", () => {
  const command = ["/usr/local/bin/x", "lift"];
  const rightsOf = (program: string) =>
    asOwner(FOLDER, program, command)
      .filter((word) => word.includes("-caps="));
  deepStrictEqual(asOwner(FOLDER, "fail2ban-subscriber", command), [
    "setpriv",
    "--reuid=998",
    "--regid=997",
    "--init-groups",
    "--inh-caps=-all,+net_admin,+dac_override",
    "--ambient-caps=-all,+net_admin,+dac_override",
    ...command,
  ]);
  const unnamed = { ...FOLDER, owner: "998" };
  ok(asOwner(unnamed, "fail2ban-monitor", []).includes("--clear-groups"));
  deepStrictEqual(rightsOf("fail2ban-publisher"), [
    "--inh-caps=-all",
    "--ambient-caps=-all",
  ]);
  deepStrictEqual(rightsOf("fail2ban-monitor"), [
    "--inh-caps=-all,+dac_read_search",
    "--ambient-caps=-all,+dac_read_search",
  ]);
});

Deno.test("root writes as root where state is missing, is root's, or no service is", () => {
  deepStrictEqual(rootsWay(undefined, WRITER), AS_ROOT);
  const roots = { ...FOLDER, uid: 0, owner: "root" };
  deepStrictEqual(rootsWay(roots, WRITER), AS_ROOT);
  const alone = { ...WRITER, hasServices: false };
  deepStrictEqual(rootsWay(FOLDER, alone), AS_ROOT);
});

Deno.test("who is not root is left to the modes of files", () => {
  for (const uid of [998, 1000, null]) {
    deepStrictEqual(rootsWay(FOLDER, { ...WRITER, uid }), AS_ROOT);
  }
});
