import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { OperatorHosts } from "../support/cluster/operator_hosts.ts";

const README = new URL("../../README.md", import.meta.url);
const PROMPT = "# fail2ban-cluster ";
const LOCAL = "/etc/fail2ban-cluster/fail2ban-cluster.local";

/** A command that the README shows, and what it shows of what that says. */
interface Shown {
  readonly words: string;
  readonly says: readonly string[];
}

async function shownCommands(): Promise<readonly Shown[]> {
  const text = await Deno.readTextFile(README);
  return [
    ...text.matchAll(/^( *)```\n\1(# fail2ban-cluster [\s\S]*?)^ *```$/gm),
  ]
    .flatMap(([, indent = "", block = ""]) => {
      const lines = block.split("\n").map((line) =>
        line.startsWith(indent) ? line.slice(indent.length) : line
      ).filter((line) => line !== "");
      const starts = lines.flatMap((line, at) =>
        line.startsWith(PROMPT) ? [at] : []
      );
      return starts.map((start, index) => ({
        words: lines[start]?.slice(PROMPT.length) ?? "",
        says: lines.slice(start + 1, starts[index + 1]),
      }));
    });
}

/** Codes differ each time, and the README shortens them. */
function withoutCodes(line: string): string {
  return line.replace(/F2BC1[\w.-]+/g, "CODE");
}

Deno.test("the README's five commands make three nodes, and say what it shows", async () => {
  await using hosts = await OperatorHosts.create("hub", "web1", "web2", "web3");
  const shown = await shownCommands();
  deepStrictEqual(shown.map(({ words }) => withoutCodes(words)), [
    "init --address 192.0.2.10",
    "node add web1 web2 web3",
    "join web1 CODE",
  ]);
  const said = async (host: string, words: string) => {
    const { code, out, err } = await hosts.run(host, words);
    strictEqual(code, 0, err);
    const local = hosts.config(host).replace(/conf$/, "local");
    return `${out}${err}`.replaceAll(local, LOCAL).split("\n")
      .filter((line) => line !== "");
  };
  const [init, add, join] = shown;
  ok(init !== undefined && add !== undefined && join !== undefined);
  deepStrictEqual(await said("hub", init.words), init.says);
  const added = await said("hub", add.words);
  deepStrictEqual(added.map(withoutCodes), add.says.map(withoutCodes));
  for (const [at, host] of ["web1", "web2", "web3"].entries()) {
    deepStrictEqual(
      await said(host, `join ${added[at]}`),
      join.says.map((line) => line.replace("web1", host)),
    );
  }
});
