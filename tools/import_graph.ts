/**
 * The import graph of the sources.
 *
 * @module
 */

/** Imports of each file, as paths relative to the project's folder. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const IMPORT =
  /^(?:import|export)\s(?:[^;"]*?\sfrom\s+)?"(\.[^"]+)"|\bimport\("(\.[^"]+)"\)/gm;
const COMMENT = /\/\*[\s\S]*?\*\//g;

/**
 * Reads the imports of a source.
 *
 * @param path The file, relative to the project's folder.
 * @param source Its text.
 * @returns The files it imports, relative to the project's folder.
 */
export function importsOf(path: string, source: string): readonly string[] {
  return [...source.replace(COMMENT, "").matchAll(IMPORT)].map((match) =>
    new URL(match[1] ?? match[2] ?? "", `file:///${path}`).pathname.slice(1)
  );
}

/**
 * Finds a cycle.
 *
 * @param graph The import graph.
 * @returns The nodes of one cycle, with the first repeated at the end;
 * `undefined` when there is none.
 */
export function findCircle(graph: ImportGraph): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): readonly string[] | undefined => {
    if (done.has(node)) return undefined;
    const at = path.indexOf(node);
    if (at >= 0) return [...path.slice(at), node];
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      const circle = visit(next);
      if (circle !== undefined) return circle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const circle = visit(node);
    if (circle !== undefined) return circle;
  }
  return undefined;
}

/** The room of a file of `lib/`. */
export function roomOf(path: string): string | undefined {
  return /^lib\/([^/]+)\//.exec(path)?.[1];
}

/** The import graph of the rooms of `lib/`. */
export function roomGraph(graph: ImportGraph): ImportGraph {
  const rooms = new Map<string, Set<string>>();
  for (const [path, imports] of graph) {
    const room = roomOf(path);
    if (room === undefined) continue;
    const others = rooms.get(room) ?? new Set();
    rooms.set(room, others);
    for (const imported of imports) {
      const other = roomOf(imported);
      if (other !== undefined && other !== room) others.add(other);
    }
  }
  return new Map([...rooms].map(([room, others]) => [room, [...others]]));
}

/**
 * Finds imports that the table of rooms forbids.
 *
 * @param graph The import graph.
 * @param mayImport The rooms that a room may import; `undefined` for an unknown
 * room.
 * @returns One line per import.
 */
export function forbiddenImports(
  graph: ImportGraph,
  mayImport: (room: string) => readonly string[] | undefined,
): readonly string[] {
  const found: string[] = [];
  for (const [path, imports] of graph) {
    const room = roomOf(path);
    if (room === undefined) continue;
    const allowed = mayImport(room);
    for (const imported of imports) {
      const other = roomOf(imported);
      const fits = other !== undefined &&
        (other === room || allowed?.includes(other) === true) &&
        !imported.includes("/io/");
      if (!fits) found.push(`${path} imports ${imported}`);
    }
  }
  return found;
}
