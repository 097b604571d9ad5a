/**
 * The SHA-256 of a file, in hexadecimal. No database connection to it may be
 * open.
 */
export async function fileHash(path: string): Promise<string> {
  const bytes = await Deno.readFile(path);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
