/**
 * Which files of tests are run together.
 *
 * @module
 */

import { type ImportGraph, importsOf } from "./import_graph.ts";
import { ROOMS } from "./rooms.ts";

const SUITES = ["core", "real", "long", "slow", "executables"] as const;

/** Tests that are run together. */
export type Suite = typeof SUITES[number];

/** Folders of the core's tests, besides the rooms' own. */
const CORE_FOLDERS = ["bench", "cluster", "fuzz"];
const CORE = [...ROOMS.map(({ name }) => name), ...CORE_FOLDERS];
/** Of tests with real parts, those of a suite are named after it. */
const SUITE_IN_NAME = /_(long|slow)_test\.ts$/;
const OF_PROGRAMS = /^tests\/(?:roles|e2e)\//;
/** Whatever starts a program asks this one how. */
const STARTS_PROGRAMS = "tests/support/cluster/test_cluster.ts";
/** Who wants other times than those in the executables starts programs from their sources. */
const OTHER_TIMES = "tests/support/cluster/paces.ts";

/** Whether it is the name of one. */
export function isSuite(name: string | undefined): name is Suite {
  return SUITES.some((suite) => suite === name);
}

/**
 * The files of a suite, in order.
 *
 * @param suite Which.
 * @param graph Who imports whom, from the project's folder: all files of `tests/`.
 */
export function suiteFiles(
  suite: Suite,
  graph: ImportGraph,
): readonly string[] {
  const files = [...graph.keys()].filter((path) => path.endsWith("_test.ts"))
    .sort();
  if (suite === "core") return files.filter(isCore);
  const wanted = suite === "executables" ? "real" : suite;
  const real = files.filter((path) =>
    !isCore(path) && (SUITE_IN_NAME.exec(path)?.[1] ?? "real") === wanted
  );
  return suite === "executables"
    ? real.filter((path) => startsExecutables(path, graph))
    : real;
}

/** Files by the folder they are in, both in the order given. */
export function filesByFolder(
  files: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(files, (file) => file.slice(0, file.lastIndexOf("/")));
}

/** Whether a test is of the core: straight in the folder of a room, not in its `io/`. */
function isCore(path: string): boolean {
  const [, room = "", file = ""] = path.split("/");
  return CORE.includes(room) && file.endsWith("_test.ts");
}

function startsExecutables(path: string, graph: ImportGraph): boolean {
  return OF_PROGRAMS.test(path) &&
    graph.get(path)?.includes(OTHER_TIMES) !== true &&
    reaches(path, STARTS_PROGRAMS, graph, new Set());
}

function reaches(
  from: string,
  to: string,
  graph: ImportGraph,
  seen: Set<string>,
): boolean {
  if (from === to) return true;
  if (seen.has(from)) return false;
  seen.add(from);
  return (graph.get(from) ?? []).some((next) => reaches(next, to, graph, seen));
}

/**
 * Reads who imports whom in a folder.
 *
 * @param folder The folder, from the project's.
 */
export async function readImports(folder: string): Promise<ImportGraph> {
  const graph = new Map<string, readonly string[]>();
  for await (const path of sources(folder)) {
    graph.set(path, importsOf(path, await Deno.readTextFile(path)));
  }
  return graph;
}

async function* sources(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* sources(path);
    else if (name.endsWith(".ts")) yield path;
  }
}
