import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ChildProcess } from "../../support/host/child_process.ts";
import { TempDir } from "../../support/host/temp_dir.ts";
import { waitUntil } from "../../support/host/wait_until.ts";

/**
 * A program that says when it was told to end, and gives up the signals when
 * its input ends. It names each signal: one that the runtime has still to hand
 * on when the signals are given up would end the program.
 */
async function start(
  dir: TempDir,
  hangUpStops = true,
): Promise<ChildProcess> {
  const href =
    new URL("../../../lib/service/io/signals.ts", import.meta.url).href;
  const program = await dir.write(
    "program.ts",
    `import { StopSignal } from "${href}";
    const heard = ["SIGTERM", "SIGINT", "SIGHUP"].map((name) => {
      const say = () => console.log(name);
      Deno.addSignalListener(name, say);
      return () => Deno.removeSignalListener(name, say);
    });
    {
      using stop = new StopSignal({ hangUpStops: ${hangUpStops} });
      stop.onReload(() => console.log("told to read again"));
      stop.signal.addEventListener("abort", () => console.log("told to end"));
      console.log("ready", stop.signal.aborted);
      await new Response(Deno.stdin.readable).text();
      console.log("done", stop.signal.aborted);
      for (const stopHearing of heard) stopHearing();
    }
    console.log("disposed");
    setInterval(() => {}, 1_000);`,
  );
  const child = new ChildProcess({
    command: Deno.execPath(),
    args: ["run", "-A", "--no-config", program],
  });
  await child.waitForLine(/^ready false$/);
  return child;
}

function signalsIn({ stdout }: ChildProcess): readonly string[] {
  return stdout.filter((line) => line.startsWith("SIG"));
}

function othersIn({ stdout }: ChildProcess): readonly string[] {
  return stdout.filter((line) => !line.startsWith("SIG"));
}

for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  Deno.test(`StopSignal is aborted by ${name}, once, and the program goes on to its own end`, async () => {
    await using dir = await TempDir.create();
    await using child = await start(dir);
    const sent = [name, name, "SIGTERM"] as const;
    for (const [index, each] of sent.entries()) {
      child.signal(each);
      await waitUntil(() => signalsIn(child).length > index, { what: each });
    }
    await child.closeInput();
    await child.waitForLine(/^disposed$/);
    deepStrictEqual(signalsIn(child), sent);
    deepStrictEqual(othersIn(child), [
      ...["ready false", "told to end", "done true", "disposed"],
    ]);
  });

  Deno.test(`StopSignal leaves ${name} to the system once it is disposed`, async () => {
    await using dir = await TempDir.create();
    await using child = await start(dir);
    await child.closeInput();
    await child.waitForLine(/^done false$/);
    await child.waitForLine(/^disposed$/);
    strictEqual((await child.end(name)).signal, name);
  });
}

Deno.test("StopSignal tells of each SIGHUP that does not stop, and is not aborted by it", async () => {
  await using dir = await TempDir.create();
  await using child = await start(dir, false);
  for (let count = 1; count <= 2; count++) {
    child.signal("SIGHUP");
    await waitUntil(() => othersIn(child).length > count, { what: "a line" });
  }
  child.signal("SIGTERM");
  await child.waitForLine(/^told to end$/);
  await child.waitForLine(/^SIGTERM$/);
  await child.closeInput();
  await child.waitForLine(/^disposed$/);
  deepStrictEqual(othersIn(child), [
    ...["ready false", "told to read again", "told to read again"],
    ...["told to end", "done true", "disposed"],
  ]);
});
