/**
 * Assigns test files to suites.
 *
 * @module
 */

import { type ImportGraph, importsOf } from "./import_graph.ts";
import { ROOMS } from "./rooms.ts";

const SUITES = [
  "core",
  "real",
  "long",
  "slow",
  "executables",
  "executables-slow",
] as const;

/** A suite of tests. */
export type Suite = typeof SUITES[number];

/** Folders of core tests besides those of the rooms. */
const CORE_FOLDERS = ["bench", "cluster", "fuzz"];
const CORE = [...ROOMS.map(({ name }) => name), ...CORE_FOLDERS];
/** Files with real parts are assigned by the suite's name in their own. */
const SUITE_IN_NAME = /_(long|slow)_test\.ts$/;
const OF_PROGRAMS = /^tests\/(?:roles|e2e)\//;
/** Every test that starts programs imports this file. */
const STARTS_PROGRAMS = "tests/support/cluster/test_cluster.ts";
/**
 * Tests with other intervals than the executables' start programs from sources.
 */
const OTHER_TIMES = "tests/support/cluster/paces.ts";

/** Slow tests that also run on executables. */
const SLOW_ON_EXECUTABLES = /^tests\/e2e\/shared\/faults_(?:long|slow)_/;

/** Whether a suite has this name. */
export function isSuite(name: string | undefined): name is Suite {
  return SUITES.some((suite) => suite === name);
}

/**
 * The files of a suite, in order.
 *
 * @param suite The suite.
 * @param graph The import graph of all files of `tests/`, relative to the
 * project's folder.
 */
export function suiteFiles(
  suite: Suite,
  graph: ImportGraph,
): readonly string[] {
  const files = [...graph.keys()].filter((path) => path.endsWith("_test.ts"))
    .sort();
  if (suite === "core") return files.filter(isCore);
  if (suite === "executables-slow") {
    return files.filter((path) => SLOW_ON_EXECUTABLES.test(path));
  }
  const wanted = suite === "executables" ? "real" : suite;
  const real = files.filter((path) =>
    !isCore(path) && (SUITE_IN_NAME.exec(path)?.[1] ?? "real") === wanted
  );
  return suite === "executables"
    ? real.filter((path) => startsExecutables(path, graph))
    : real;
}

/** Groups files by folder, keeping their order. */
export function filesByFolder(
  files: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  return Map.groupBy(files, (file) => file.slice(0, file.lastIndexOf("/")));
}

/**
 * Whether a test is of the core: directly in the folder of a room, not in its
 * `io/`.
 */
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
 * Reads the import graph of a folder.
 *
 * @param folder The folder, relative to the project's.
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
