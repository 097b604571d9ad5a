/**
 * The page's files, as built for browsers.
 *
 * @module
 */

import built from "./built_page.json" with { type: "json" };
import type { PageFile } from "../../lib/page/page_files.ts";

/** All files by path. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files: readonly BuiltFile[] = built.files;
  return new Map(
    await Promise.all(
      files.map(async ({ path, type, lines }) => {
        const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
        const gzip = await compressed(bytes);
        return [path, { type, bytes, gzip }] as const;
      }),
    ),
  );
}

/** A file in `built_page.json`. */
export interface BuiltFile {
  readonly path: string;
  readonly type: string;
  readonly lines: readonly string[];
}

async function compressed(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
