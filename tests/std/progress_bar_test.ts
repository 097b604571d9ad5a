import { strictEqual } from "node:assert/strict";
import { ProgressBar } from "@std/cli/unstable-progress-bar";

/** What is written, as text. */
class Written {
  text = "";
  readonly writable = new WritableStream<Uint8Array>({
    write: (bytes) => {
      this.text += new TextDecoder().decode(bytes);
    },
  });
}

Deno.test("a progress bar draws how much is done, and leaves its last line", async () => {
  const written = new Written();
  const bar = new ProgressBar({
    writable: written.writable,
    max: 1_486,
    barLength: 20,
    formatter: ({ progressBar, value, max }) =>
      `reading  [${progressBar}] ${value} of ${max}`,
  });
  bar.value = 812;
  await bar.stop();
  strictEqual(
    written.text,
    "\r\x1b[Kreading  [--------------------] 0 of 1486" +
      "\r\x1b[Kreading  [##########----------] 812 of 1486\n",
  );
});

Deno.test("a progress bar that is cleared leaves nothing, and lets go of where it wrote", async () => {
  const written = new Written();
  const { writable } = written;
  const bar = new ProgressBar({ writable, max: 1, clear: true });
  bar.value = 2;
  await bar.stop();
  strictEqual(written.text.endsWith("\r\x1b[K"), true);
  strictEqual(writable.locked, false);
  await writable.close();
});
