import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { loadConfig, type Role } from "../../../lib/config/config.ts";
import { METRIC_NAMES, specOf } from "../../../lib/metrics/metric_table.ts";
import { OperatedCluster } from "../../support/cluster/operated_cluster.ts";
import { copyTree } from "../../../tools/compile/copy_tree.ts";
import {
  grownSchema,
  schemaFaults,
} from "../../support/values/json_schemas.ts";
import {
  codecOf,
  framesOf,
  messageOf,
  type Vector,
} from "../../support/values/wire_vectors.ts";

const RELEASES = decodeURIComponent(
  new URL("../../fixtures/releases", import.meta.url).pathname,
);
const ROLES: readonly Role[] = ["monitor", "publisher", "subscriber"];
const TOKENS = ["monitor", "publisher"].map((role) =>
  `[${role}]\nauthtoken = 6f0c2d8f5b7c1e0a93d54a7be1f2c3d4\n`
).join("");
/** What is asked of the hub, by the schema that describes the answer. */
const QUESTIONS = {
  bans: ["bans", "--all", "--json"],
  why: ["why", "203.0.113.7", "--json"],
  status: ["status", "--json"],
  nodes: ["nodes", "--json"],
  imports: ["imports", "--json"],
  export: ["export", "--format", "json"],
} as const;

const versions: string[] = [];
for await (const { name, isDirectory } of Deno.readDir(RELEASES)) {
  if (isDirectory) versions.push(name);
}

function read(version: string, path: string): Promise<string> {
  return Deno.readTextFile(`${RELEASES}/${version}/${path}`);
}

/** What each ban is, without what time and a restore change. */
function bansOf(text: string): readonly unknown[] {
  return text.trim().split("\n").map((line) => JSON.parse(line))
    .map(({ address, jail, reports }) => [
      address,
      jail,
      reports.map(({ node }: { node: string }) => node),
    ]).toSorted();
}

/** Copies a folder with keys in it, for its owner only as they were: Git keeps no such modes. */
async function copySecret(from: string, to: string): Promise<void> {
  await copyTree(from, to);
  const close = async (path: string): Promise<void> => {
    await Deno.chmod(path, 0o700);
    for await (const { name, isDirectory } of Deno.readDir(path)) {
      if (isDirectory) await close(`${path}/${name}`);
      else await Deno.chmod(`${path}/${name}`, 0o600);
    }
  };
  await close(to);
}

/** Those of a value's fields that an older one has, too. */
function asFarAs(older: unknown, value: unknown): unknown {
  const isObject = (each: unknown): each is Record<string, unknown> =>
    each !== null && typeof each === "object" &&
    Object.getPrototypeOf(each) === Object.prototype;
  if (!isObject(older) || !isObject(value)) return value;
  return Object.fromEntries(
    Object.keys(older).map((key) => [key, asFarAs(older[key], value[key])]),
  );
}

Deno.test("0.2.0 is kept", () => ok(versions.includes("0.2.0")));

for (const version of versions) {
  Deno.test(`the configuration file of ${version} is taken as it is`, async () => {
    const files = [
      { path: "kept.conf", text: await read(version, "fail2ban-cluster.conf") },
      { path: "kept.local", text: TOKENS },
    ];
    for (const role of ROLES) loadConfig(role, files, { hostname: "web-1" });
  });

  Deno.test(`every message that ${version} sends is understood`, async () => {
    const path = "vectors/protocol2_valid.json";
    const vectors: (Vector & { value: Record<string, unknown> })[] = JSON.parse(
      await read(version, path),
    );
    ok(vectors.length > 50);
    for (const vector of vectors) {
      const decoded = codecOf(vector.from).decode(framesOf(vector));
      ok(decoded.ok, vector.name);
      const kept = messageOf(vector);
      deepStrictEqual(asFarAs(kept, decoded.value), kept, vector.name);
    }
  });

  Deno.test(`every metric of ${version} has its name, type and labels`, async () => {
    const now = METRIC_NAMES.map((name) => {
      const { type, labels } = specOf(name);
      return { name: `${name}`, type: `${type}`, labels: labels.map(String) };
    });
    for (
      const line of (await read(version, "metrics.txt")).trim().split("\n")
    ) {
      const [name, type, ...labels] = line.split(" ");
      const same = now.find((metric) => metric.name === name);
      strictEqual(same?.type, type, line);
      ok(labels.every((label) => same?.labels.includes(label)), line);
    }
  });

  Deno.test(`a backup and a node's state of ${version} are read, and what is asked is answered as it was`, async () => {
    const kept = `${RELEASES}/${version}`;
    await using operated = await OperatedCluster.start({ hosts: ["web1"] });
    const { cluster } = operated;
    for (const role of ["monitor", "subscriber"] as const) {
      await operated.stop(role, "web1");
    }
    await operated.stop("publisher", "hub");
    await copySecret(`${kept}/backup`, `${cluster.dir}/backup`);
    const restored = await operated.say("restore", `${cluster.dir}/backup`);
    strictEqual(restored.code, 0, restored.err);
    await Deno.remove(cluster.stateDir("web1"), { recursive: true });
    await copySecret(`${kept}/web1`, cluster.stateDir("web1"));
    await Deno.copyFile(`${kept}/fail2ban.log`, cluster.logPath("web1"));
    await cluster.startAsRestored("hub");
    for (const role of ["subscriber", "monitor"] as const) {
      await operated.startAgain(role, "web1");
    }
    const before = await read(version, "outputs/bans.json");
    await operated.until("nodes --json", ({ out }) => /"state":"ok"/.test(out));
    const { out: bans } = await operated.until(
      QUESTIONS.bans.join(" "),
      ({ out }) => bansOf(out).length === bansOf(before).length,
    );
    deepStrictEqual(bansOf(bans), bansOf(before));
    const figures = await cluster.figures("subscriber", "web1");
    strictEqual(figures["bans"], bansOf(before).length);
    for (const name of ["web1", "hub"]) {
      for await (const file of Deno.readDir(cluster.stateDir(name))) {
        ok(!file.name.endsWith(".damaged"), file.name);
      }
    }
    for (const [name, words] of Object.entries(QUESTIONS)) {
      const schema = grownSchema(
        JSON.parse(await read(version, `schemas/${name}.json`)),
      );
      const { out } = await operated.say(...words);
      for (const value of out.split("\n")) {
        deepStrictEqual(schemaFaults(schema, JSON.parse(value)), [], name);
      }
    }
  });
}
