/**
 * The path of a `file:` URL, with encoded characters decoded.
 *
 * @param url The URL.
 */
export function urlPath(url: URL): string {
  return decodeURIComponent(url.pathname);
}
