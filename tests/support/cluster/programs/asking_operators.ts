/**
 * Operators that all send a request to a publisher's socket at once, and read
 * the answers unparsed: `PATH COUNT REQUEST`. Prints the results as JSON.
 *
 * @module
 */

const [path = "", count = "1", request = ""] = Deno.args;
const LAST_LINE = /\n\{"kind":"(?:listed","matched":(\d+)|failed)[^\n]*\n$/;

async function ask(): Promise<{ firstMs: number; bytes: number; end: string }> {
  const startMs = performance.now();
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(`${request}\n`));
  const buffer = new Uint8Array(65_536);
  let firstMs = NaN;
  let bytes = 0;
  let end = "\n";
  while (!LAST_LINE.test(end)) {
    const read = await connection.read(buffer);
    if (read === null) break;
    if (bytes === 0) firstMs = performance.now() - startMs;
    bytes += read;
    const tail = buffer.subarray(Math.max(0, read - 256), read);
    end = `${end}${new TextDecoder("latin1").decode(tail)}`.slice(-512);
  }
  return { firstMs, bytes, end: LAST_LINE.exec(end)?.[1] ?? end };
}

const startMs = performance.now();
const answers = await Promise.all(Array.from({ length: Number(count) }, ask));
const result = JSON.stringify({
  tookMs: performance.now() - startMs,
  firstMs: Math.max(...answers.map(({ firstMs }) => firstMs)),
  mebibytes: answers[0] === undefined ? 0 : answers[0].bytes / 2 ** 20,
  ends: answers.map(({ end }) => end),
});
Deno.stdout.writeSync(new TextEncoder().encode(`${result}\n`));
