import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { TestCluster } from "../support/cluster/test_cluster.ts";

/** Says what a program says when its port is another's. */
async function saidOf(
  cluster: TestCluster,
  role: "monitor" | "publisher" | "subscriber",
  verb: string,
): Promise<readonly string[]> {
  const child = cluster.spawn(role, "web1", verb);
  await child.ended;
  const lines = [...child.stderr, ...child.stdout];
  return lines.filter((line) =>
    line.includes("httpbindurl") || line.includes("hint:")
  );
}

for (const role of ["monitor", "publisher", "subscriber"] as const) {
  Deno.test(`a ${role} whose httpbindurl is another program's says so, before it starts as well`, async () => {
    await using cluster = await TestCluster.create({ protocol: 2 });
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const url = `http://127.0.0.1:${other.addr.port}`;
    await cluster.addHost("web1", { [role]: { httpbindurl: url } });
    await Deno.writeTextFile(cluster.logPath("web1"), "");
    const name = `fail2ban-${role}`;
    deepStrictEqual(await saidOf(cluster, role, "run"), [
      `${name}: error: cannot listen on ${url}, which is httpbindurl: Address already in use`,
      `${name}: hint: another program, or another copy of this one, has that port`,
    ]);
    const checked = await saidOf(cluster, role, "check");
    strictEqual(
      checked.some((line) => line.includes(`${role}.httpbindurl = ${url}: `)),
      true,
      checked.join("\n"),
    );
  });
}
