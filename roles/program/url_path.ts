/**
 * The path of a `file:` URL, in which spaces and the like are encoded.
 *
 * @param url The URL.
 */
export function urlPath(url: URL): string {
  return decodeURIComponent(url.pathname);
}
