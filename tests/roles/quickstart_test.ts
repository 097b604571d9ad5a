import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { OperatorHosts } from "../support/cluster/operator_hosts.ts";
import { shownLines, withoutCodes } from "../support/install/shown_commands.ts";

const COMMAND = "fail2ban-cluster ";
const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";

Deno.test("QUICKSTART's commands make members of two nodes, and say what it shows", async () => {
  await using hosts = await OperatorHosts.create("hub", "web1", "web2");
  const shown = (await shownLines("docs/QUICKSTART.md")).filter((
    { line, says },
  ) => line.startsWith(COMMAND) && says.length > 0);
  deepStrictEqual(
    shown.map(({ host, line }) => `${host} ${withoutCodes(line)}`),
    [
      "hub fail2ban-cluster init --address 192.0.2.10",
      "hub fail2ban-cluster node add web1 web2",
      "web1 fail2ban-cluster join web1 CODE",
      "web2 fail2ban-cluster join web2 CODE",
    ],
  );
  const codes: string[] = [];
  for (const { host, line, says } of shown) {
    const words = withoutCodes(line).slice(COMMAND.length)
      .replace("CODE", () => codes.shift() ?? "");
    const { code, out, err } = await hosts.run(host, words);
    strictEqual(code, 0, err);
    const local = hosts.config(host).replace(/conf$/, "local");
    const said = `${out}${err}`.replaceAll(local, LOCAL).trimEnd().split("\n");
    deepStrictEqual(said.map(withoutCodes), says.map(withoutCodes));
    if (line.includes("node add")) {
      codes.push(...out.match(/F2BC1\S+/g) ?? []);
      strictEqual(codes.length, 2);
    }
  }
  ok(codes.length === 0, "each node has joined with its own code");
});
