import { ChildProcess } from "./child_process.ts";

/** Keeps every processor busy with a loop that does nothing else, until disposed. */
export class BusyProcessors implements AsyncDisposable {
  readonly #loops = Array.from(
    { length: navigator.hardwareConcurrency },
    () =>
      new ChildProcess({
        command: "/bin/sh",
        args: ["-c", "while :; do :; done"],
      }),
  );

  async [Symbol.asyncDispose](): Promise<void> {
    for (const loop of this.#loops) await loop[Symbol.asyncDispose]();
  }
}
