/**
 * Text as bytes for the engine, compressed if that saves space.
 *
 * @module
 */

/** Longer text is compressed. */
const PLAIN_BYTES = 2_048;
/** Maximum length of text that is read, in bytes. */
const MAX_BYTES = 16 * 1024 * 1024;
/** JSON of an object begins with this byte, compressed data never does. */
const BRACE = 0x7b;

/** Packs the JSON of an object. */
export async function packText(
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= PLAIN_BYTES) return bytes;
  return await throughStream(bytes, new CompressionStream("deflate"));
}

/**
 * Unpacks text.
 *
 * @throws {Error} of any kind when the bytes are malformed.
 */
export async function unpackText(
  bytes: Uint8Array<ArrayBuffer>,
): Promise<string> {
  const plain = bytes[0] === BRACE
    ? bytes
    : await throughStream(bytes, new DecompressionStream("deflate"));
  return new TextDecoder("utf-8", { fatal: true }).decode(plain);
}

async function throughStream(
  bytes: Uint8Array<ArrayBuffer>,
  { readable, writable }: CompressionStream | DecompressionStream,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = writable.getWriter();
  // The reader receives the same error.
  const writing = writer.write(bytes).then(() => writer.close())
    .catch(() => {});
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of readable) {
    length += part.length;
    if (length > MAX_BYTES) throw new RangeError("Too long");
    parts.push(part);
  }
  await writing;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
