import { urlPath } from "./url_path.ts";

/**
 * The folder of a program's executable, or of the project that it runs from.
 *
 * @param moduleUrl `import.meta.url` of the role's file.
 */
export function programDir(moduleUrl: string): string {
  const file = Deno.build.standalone
    ? Deno.execPath()
    : urlPath(new URL("..", moduleUrl));
  return file.slice(0, file.lastIndexOf("/"));
}
