/**
 * All programs in one executable, `fail2ban-cluster`; `fail2ban-monitor` and
 * the others are links to it. Loads only the chosen program, so that the
 * operator's command loads no native code.
 *
 * @module
 */

import process from "node:process";
import deno from "../../deno.json" with { type: "json" };
import { chooseRole, type RoleName, surplusOf } from "./chosen_role.ts";

interface RoleModule {
  readonly main: (argv: readonly string[]) => Promise<number>;
}

/** Literal import paths, because `deno compile` embeds only those. */
const ROLES: Readonly<Record<RoleName, () => Promise<RoleModule>>> = {
  cluster: () => import("../cluster.ts"),
  monitor: () => import("../monitor.ts"),
  node: () => import("../node.ts"),
  publisher: () => import("../publisher.ts"),
  subscriber: () => import("../subscriber.ts"),
};

async function main(): Promise<number> {
  const { role, args } = chooseRole(process.argv0, Deno.args);
  const { executable, [role]: own } = deno.permissions;
  for (const permission of surplusOf(executable, own)) {
    Deno.permissions.revokeSync(permission);
  }
  // Native code is unpacked into this folder.
  if (Deno.build.standalone && role !== "cluster") {
    await import("./private_folder.ts");
  }
  return await (await ROLES[role]()).main(args);
}

if (import.meta.main) Deno.exit(await main());
