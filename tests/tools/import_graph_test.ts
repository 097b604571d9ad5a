import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  findCircle,
  forbiddenImports,
  type ImportGraph,
  importsOf,
  roomGraph,
  roomOf,
} from "../../tools/import_graph.ts";
import { roomNamed, ROOMS, roomTable } from "../../tools/rooms.ts";

const ROOT = new URL("../../", import.meta.url);

async function* sourcesIn(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) yield* sourcesIn(`${path}/`);
    else if (path.endsWith(".ts")) yield path;
  }
}

async function graphOf(...folders: string[]): Promise<Map<string, string[]>> {
  const graph = new Map<string, string[]>();
  for (const folder of folders) {
    for await (const path of sourcesIn(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      graph.set(path, [...importsOf(path, source)]);
    }
  }
  return graph;
}

const graph: ImportGraph = await graphOf("lib/", "roles/", "std/");
const mayImport = (room: string) => roomNamed(room)?.mayImport;

Deno.test("every file of lib/ is in a room of the table, and every import is found", () => {
  const files = [...graph.keys()].filter((path) => path.startsWith("lib/"));
  ok(files.length > 200);
  deepStrictEqual(
    [...new Set(files.map(roomOf))].sort(),
    ROOMS.map(({ name }) => name).sort(),
  );
  for (const [path, imports] of graph) {
    for (const imported of imports) {
      ok(
        graph.has(imported) || imported.endsWith(".json"),
        `${path}: ${imported}`,
      );
    }
  }
});

Deno.test("no file has over 400 lines", async () => {
  for (
    const folder of [
      ...["lib/", "roles/", "std/", "page/", "tools/", "bench/", "tests/"],
    ]
  ) {
    for await (const path of sourcesIn(folder)) {
      const source = await Deno.readTextFile(new URL(path, ROOT));
      const lines = source.split("\n").length - 1;
      ok(lines <= 400, `${path}: ${lines} lines`);
    }
  }
});

Deno.test("lib/ imports what the table allows, and no adapter", () => {
  deepStrictEqual(forbiddenImports(graph, mayImport), []);
});

Deno.test("the operator's command has nothing of ZeroMQ: its executable unpacks no native code", () => {
  const reached = new Set(["roles/cluster.ts"]);
  for (const path of reached) {
    for (const imported of graph.get(path) ?? []) reached.add(imported);
  }
  deepStrictEqual(
    [...reached].filter((path) => path.startsWith("lib/zmq/io/")),
    [],
  );
});

Deno.test("no circle of files, and none of rooms", () => {
  strictEqual(findCircle(graph), undefined);
  strictEqual(findCircle(roomGraph(graph)), undefined);
});

Deno.test("the table itself allows no circle: a room imports rooms listed before it", () => {
  ROOMS.forEach(({ name, mayImport }, at) => {
    const earlier = ROOMS.slice(0, at).map((room) => room.name);
    for (const other of mayImport) {
      ok(earlier.includes(other), `${name}: ${other}`);
    }
  });
});

Deno.test("the table allows nothing that no file needs", () => {
  const used = roomGraph(graph);
  for (const { name, mayImport } of ROOMS) {
    const needless = mayImport.filter((room) =>
      !used.get(name)?.includes(room)
    );
    deepStrictEqual(needless, [], name);
  }
});

Deno.test("no room has more than 26 files or 15 % of lib's lines", async () => {
  const lines = new Map<string, number>();
  const files = new Map<string, number>();
  for (const path of graph.keys()) {
    const room = roomOf(path);
    if (room === undefined) continue;
    const text = await Deno.readTextFile(new URL(path, ROOT));
    lines.set(room, (lines.get(room) ?? 0) + text.split("\n").length - 1);
    files.set(room, (files.get(room) ?? 0) + 1);
  }
  const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
  for (const { name } of ROOMS) {
    ok((files.get(name) ?? 0) <= 26, `${name}: ${files.get(name)} files`);
    ok(
      (lines.get(name) ?? 0) <= 0.15 * all,
      `${name}: ${lines.get(name)} lines`,
    );
  }
});

Deno.test("ARCHITECTURE.md has the table", async () => {
  const page = await Deno.readTextFile(new URL("docs/ARCHITECTURE.md", ROOT));
  ok(page.includes(roomTable()), `it should have:\n${roomTable()}`);
});

Deno.test("every room has a README of 3 to 6 lines", async () => {
  for (const { name } of ROOMS) {
    const page = await Deno.readTextFile(
      new URL(`lib/${name}/README.md`, ROOT),
    );
    const [title, ...rest] = page.trimEnd().split("\n").filter(Boolean);
    strictEqual(title, `# ${name}`);
    ok(rest.length >= 3 && rest.length <= 6, `${name}: ${rest.length} lines`);
  }
});

for (
  const [path, imported] of [
    ["lib/base/address.ts", "lib/ban/ban.ts"],
    ["lib/monitor/monitor.ts", "lib/publisher/publisher.ts"],
    ["lib/tail/log_follower.ts", "lib/tail/io/log_folder.ts"],
    ["lib/wire/v1.ts", "roles/publisher.ts"],
  ] as const
) {
  Deno.test(`a planted import is found: ${path} -> ${imported}`, () => {
    const planted = new Map(graph);
    planted.set(path, [...graph.get(path) ?? [], imported]);
    deepStrictEqual(forbiddenImports(planted, mayImport), [
      `${path} imports ${imported}`,
    ]);
  });
}

Deno.test("a planted circle is found, of files and of rooms", () => {
  const planted = new Map(graph);
  planted.set("lib/base/address.ts", ["lib/base/address_list.ts"]);
  deepStrictEqual(findCircle(planted)?.toSorted().slice(0, 2), [
    "lib/base/address.ts",
    "lib/base/address.ts",
  ]);
  planted.set("lib/base/address.ts", ["lib/ban/ban.ts"]);
  ok(findCircle(roomGraph(planted))?.includes("base"));
});

Deno.test("importsOf() reads imports, re-exports and import(), and no comments", () => {
  const source = `
import { a } from "./a.ts";
import type {
  B,
} from "../b.ts";
export * from "../room/c.ts";
import "./d.ts";
import x from "zeromq";
/** import { e } from "./e.ts"; */
const f = await import("./f.ts");
`;
  deepStrictEqual(importsOf("lib/room/x.ts", source), [
    "lib/room/a.ts",
    "lib/b.ts",
    "lib/room/c.ts",
    "lib/room/d.ts",
    "lib/room/f.ts",
  ]);
});
