import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { BAN_SORTS } from "../../lib/wire/operator_bans.ts";
import { CLUSTER_VERBS } from "../../lib/cli/cluster_verbs.ts";

const ROOT = new URL("../../", import.meta.url);

/** The part of `deno info --json` that is read. */
interface ModuleGraph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
  readonly redirects: Readonly<Record<string, string>>;
}

async function graphFrom(entry: string): Promise<ModuleGraph> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    stderr: "inherit",
  }).output();
  const graph: ModuleGraph = JSON.parse(new TextDecoder().decode(stdout));
  return graph;
}

/** From this file every program and every verb is reached. */
const GRAPH = await graphFrom("roles/executable/all_roles.ts");
const MODULES = new Map(
  GRAPH.modules.map((module) => [module.specifier, module]),
);

/** What these files load before their first line runs, by paths from the project's folder. */
function loadedBy(...paths: readonly string[]): readonly string[] {
  const seen = new Set(paths.map((path) => new URL(path, ROOT).href));
  for (const specifier of seen) {
    const module = MODULES.get(specifier);
    for (const { code, isDynamic } of module?.dependencies ?? []) {
      const named = code?.specifier;
      if (named === undefined || isDynamic === true) continue;
      seen.add(GRAPH.redirects[named] ?? named);
    }
  }
  for (const path of paths) ok(MODULES.has(new URL(path, ROOT).href), path);
  return [...seen].map((specifier) => specifier.replace(ROOT.href, ""))
    .toSorted();
}

function roomsOf(paths: readonly string[]): readonly string[] {
  const rooms = paths.flatMap((path) =>
    /^lib\/([^/]+)\//.exec(path)?.[1] ?? []
  );
  return [...new Set(rooms)].toSorted();
}

/** The names that occur in one of the paths. */
function found(
  paths: readonly string[],
  ...names: readonly string[]
): readonly string[] {
  return names.filter((name) => paths.some((path) => path.includes(name)));
}

Deno.test("whoever chooses a program has loaded none of them", () => {
  deepStrictEqual(loadedBy("roles/executable/all_roles.ts"), [
    "deno.json",
    "node:process",
    "roles/executable/all_roles.ts",
    "roles/executable/chosen_role.ts",
  ]);
});

Deno.test("--help and --version of the operator's command load what reads a command line, and no adapter but the one that tells the journal", () => {
  const paths = loadedBy("roles/cluster.ts");
  deepStrictEqual(roomsOf(paths), ["base", "cli", "lists", "log", "views"]);
  deepStrictEqual(paths.filter((path) => path.includes("/io/")), [
    "lib/log/io/journal_stream.ts",
  ]);
  deepStrictEqual(
    paths.filter((path) => path.startsWith("npm:")).map((path) =>
      path.replace(/@.*/, "")
    ),
    ["npm:/minimist"],
  );
});

Deno.test("why, bans and tail load the configuration and what asks the publisher, and no store, no native code, no other verb's work", () => {
  const paths = loadedBy(
    "roles/cluster.ts",
    "roles/program/cluster_command.ts",
    "roles/program/ban_verbs.ts",
  );
  ok(paths.includes("lib/config/cluster_config.ts"));
  ok(paths.includes("lib/cli/publisher_questions.ts"));
  deepStrictEqual(
    found(paths, ...[
      ...["node:sqlite", "zeromq@", "prom-client@", "lib/zmq/io/"],
      ...["lib/store/", "lib/sqlite/", "lib/engine/", "lib/diagnosis/"],
      ...["lib/page/", "lib/metrics/", "lib/publisher/", "lib/subscriber/"],
      ...["doctor_command", "backup_command", "import_commands"],
    ]),
    [],
  );
});

Deno.test("no verb but those that look at the whole host or at its store loads SQLite", () => {
  for (
    const verbs of ["list", "steering", "member", "joining", "notify"]
      .map((name) => `roles/program/${name}_verbs.ts`)
  ) {
    const paths = loadedBy("roles/program/cluster_command.ts", verbs);
    deepStrictEqual(
      found(paths, "node:sqlite", "zeromq@", "prom-client@", "diagnosis.ts"),
      [],
      verbs,
    );
  }
});

Deno.test("a publisher loads no page, no metrics and no shared log before its configuration asks for them, and nothing of a node", () => {
  const paths = loadedBy("roles/publisher.ts");
  ok(found(paths, "zeromq@", "lib/store/").length === 2);
  deepStrictEqual(
    found(paths, ...[
      ...["prom-client@", "page_port", "built_page.json"],
      ...["lib/monitor/", "lib/subscriber/", "lib/nftables/io/", "lib/tail/"],
      ...["lib/engine/etcd", "shared_publisher", "cluster_command"],
    ]),
    [],
  );
});

Deno.test("a node loads no metrics before its configuration asks for them, and nothing of a publisher", () => {
  const paths = loadedBy("roles/node.ts");
  ok(found(paths, "zeromq@", "lib/tail/", "lib/nftables/").length === 3);
  deepStrictEqual(
    found(paths, ...[
      ...["prom-client@", "lib/page/", "lib/engine/etcd", "cluster_command"],
      ...["lib/store/io/sqlite_ban_store", "lib/operators/", "lib/presence/"],
    ]),
    [],
  );
});

Deno.test("the command line knows every order of bans that the wire knows", () => {
  const { sort } = CLUSTER_VERBS.bans.options;
  strictEqual(sort.choices.join(), BAN_SORTS.join());
});
