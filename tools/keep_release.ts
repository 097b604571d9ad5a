/**
 * Stores the outputs of a release, so that tests of later versions read them:
 * `tests/fixtures/releases/VERSION` has the state of a hub and of a node after
 * a run of the real programs, the configuration, the wire's vectors, schemas,
 * outputs and the names of metrics.
 *
 * ```
 * deno task keep
 * ```
 *
 * Each folder is written once, right before the release, and never changed.
 *
 * @module
 */

import deno from "../deno.json" with { type: "json" };
import { renderShippedFile } from "../lib/config/option_text.ts";
import { metricRows } from "../lib/metrics/metric_docs.ts";
import { OperatedCluster } from "../tests/support/cluster/operated_cluster.ts";
import {
  appendLog,
  banLine,
} from "../tests/support/fail2ban/fail2ban_lines.ts";
import { copyTree } from "./compile/copy_tree.ts";
import { waitUntil } from "../tests/support/host/wait_until.ts";

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);
/** The permanent bans of the run's node. */
const BANNED = ["203.0.113.7", "203.0.113.8", "2001:db8:7::1"];
/** The commands whose output is stored. */
const OUTPUTS = [
  "bans",
  "why",
  "status",
  "nodes",
  "imports",
  "export",
] as const;
const QUESTIONS: Readonly<Record<typeof OUTPUTS[number], readonly string[]>> = {
  bans: ["bans", "--all", "--json"],
  why: ["why", "203.0.113.7", "--json"],
  status: ["status", "--json"],
  nodes: ["nodes", "--json"],
  imports: ["imports", "--json"],
  export: ["export", "--format", "json"],
};

async function say(
  operated: OperatedCluster,
  ...words: readonly string[]
): Promise<string> {
  const { code, out, err } = await operated.say(...words);
  if (code !== 0) throw new Error(`${words.join(" ")}: ${err}`);
  return out;
}

/** Makes the programs handle one thing of each kind. */
async function happen(operated: OperatedCluster): Promise<void> {
  const { cluster } = operated;
  for (const address of BANNED) {
    await appendLog(cluster.logPath("web1"), banLine("sshd", address));
  }
  await say(operated, "ban", "198.51.100.0/24", "--for=-1");
  await say(operated, "allow", "add", "192.0.2.0/28", "--note", "the office");
  const list = `${cluster.dir}/list`;
  await Deno.writeTextFile(list, "198.18.0.1\n198.18.0.2\n198.18.0.3\n");
  await say(operated, "import", list, "--name", "kept", "--for=-1");
  await waitUntil(
    async () => (await cluster.figures("subscriber", "web1"))["bans"] === 7,
    { what: "all bans in the copy", timeoutMs: 15_000 },
  );
  await say(operated, "unban", "203.0.113.8");
}

/** Stores the release in a new folder. */
async function keep(folder: string): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await using operated = await OperatedCluster.start({
    hosts: ["web1"],
    settings: { web1: { monitor: { bantime: -1 } } },
  });
  const { cluster } = operated;
  await happen(operated);
  await Deno.mkdir(`${folder}/outputs`);
  for (const name of OUTPUTS) {
    const out = await say(operated, ...QUESTIONS[name]);
    await Deno.writeTextFile(`${folder}/outputs/${name}.json`, `${out}\n`);
  }
  await say(operated, "backup", `${folder}/backup`);
  for (const role of ["monitor", "subscriber"] as const) {
    await operated.stop(role, "web1");
  }
  await copyTree(cluster.stateDir("web1"), `${folder}/web1`);
  await Deno.copyFile(cluster.logPath("web1"), `${folder}/fail2ban.log`);
  await copyTree(`${ROOT}docs/schemas`, `${folder}/schemas`);
  await copyTree(`${ROOT}tests/vectors`, `${folder}/vectors`);
  await Deno.writeTextFile(
    `${folder}/fail2ban-cluster.conf`,
    renderShippedFile(),
  );
  const metrics = metricRows().slice(1).map(([name, kind, labels]) =>
    [name, kind, labels].join(" ").replaceAll("`", "").trim()
  );
  await Deno.writeTextFile(`${folder}/metrics.txt`, metrics.join("\n") + "\n");
}

await keep(`${ROOT}tests/fixtures/releases/${deno.version}`);
