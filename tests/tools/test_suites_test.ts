import { deepStrictEqual, ok } from "node:assert/strict";
import {
  filesByFolder,
  readImports,
  suiteFiles,
} from "../../tools/test_suites.ts";

const graph = await readImports("tests");

Deno.test("each file of tests is in one of the suites core, real, long and slow", () => {
  const files = [...graph.keys()].filter((path) => path.endsWith("_test.ts"));
  const found = (["core", "real", "long", "slow"] as const).flatMap((suite) =>
    suiteFiles(suite, graph)
  );
  ok(files.length > 300);
  deepStrictEqual(found.toSorted(), files.toSorted());
});

Deno.test("on executables run the tests that start them, and no others", () => {
  const files = suiteFiles("executables", graph);
  for (
    const [path, isIn] of [
      // By themselves, through what supports them, and only through that.
      ["tests/roles/command_line_test.ts", true],
      ["tests/roles/cluster_command_test.ts", true],
      ["tests/e2e/acting/nft_test.ts", true],
      ["tests/e2e/state/damaged_files_test.ts", true],
      // No program; programs from their sources; not of programs; what takes long.
      ["tests/roles/operator_socket_test.ts", false],
      ["tests/e2e/presence/presence_test.ts", false],
      ["tests/tools/import_graph_test.ts", false],
      ["tests/e2e/programs/stops_long_test.ts", false],
    ] as const
  ) {
    deepStrictEqual(
      [graph.has(path), files.includes(path)],
      [true, isIn],
      path,
    );
  }
});

Deno.test("of the core each file is in its folder's isolate, once", () => {
  const files = suiteFiles("core", graph);
  const folders = filesByFolder(files);
  deepStrictEqual([...folders.values()].flat().toSorted(), files.toSorted());
  ok(folders.size > 20 && folders.size < 60);
  ok(folders.get("tests/ban")?.includes("tests/ban/ban_block_test.ts"));
});
