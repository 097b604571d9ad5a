import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { TempDir } from "../support/host/temp_dir.ts";

const SCRIPT = new URL("../../systemd/restart_pause.sh", import.meta.url);
const MINUTE_MS = 60_000;

/** A service whose ends are told to the script, as systemd does. */
class Service implements AsyncDisposable {
  readonly #dir: TempDir;

  private constructor(dir: TempDir) {
    this.#dir = dir;
  }

  static async create(): Promise<Service> {
    return new Service(await TempDir.create());
  }

  get #file(): string {
    return this.#dir.path("monitor.pause");
  }

  async #run(step: string, env: Record<string, string> = {}): Promise<void> {
    const { success, stderr } = await new Deno.Command("sh", {
      args: [decodeURIComponent(SCRIPT.pathname), step, "monitor"],
      env: { RUNTIME_DIRECTORY: this.#dir.path(""), ...env },
    }).output();
    strictEqual(new TextDecoder().decode(stderr), "");
    strictEqual(success, true);
  }

  async start(): Promise<void> {
    await this.#run("before");
  }

  /** @returns Seconds that the next start waits. */
  async fail(): Promise<number> {
    await this.#run("after", { SERVICE_RESULT: "exit-code" });
    return Number(await Deno.readTextFile(this.#file));
  }

  async stop(): Promise<void> {
    await this.#run("after", { SERVICE_RESULT: "success" });
    await rejects(Deno.stat(this.#file), Deno.errors.NotFound);
  }

  /** As if its last start, or end, had been earlier. */
  async age(ms: number): Promise<void> {
    const { mtime } = await Deno.stat(this.#file);
    const before = new Date((mtime?.getTime() ?? 0) - ms);
    await Deno.utime(this.#file, before, before);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#dir[Symbol.asyncDispose]();
  }
}

Deno.test("the pause grows with each failure that follows another, and has a bound", async () => {
  await using service = await Service.create();
  const pauses: number[] = [];
  for (let count = 0; count < 7; count++) pauses.push(await service.fail());
  deepStrictEqual(pauses, [0, 1, 3, 7, 15, 31, 31]);
});

Deno.test("what ran for more than a minute since its start, or was stopped, is started again at once", async () => {
  await using service = await Service.create();
  await service.start();
  await service.fail();
  await service.start();
  strictEqual(await service.fail(), 1);
  await service.age(2 * MINUTE_MS);
  strictEqual(await service.fail(), 0);
  strictEqual(await service.fail(), 1);
  await service.stop();
  await service.start();
  strictEqual(await service.fail(), 0);
});

Deno.test("the minute counts from the start, after the pause", async () => {
  await using service = await Service.create();
  await service.fail();
  await service.fail();
  await service.age(MINUTE_MS / 2);
  await service.start();
  await service.age(MINUTE_MS * 2 / 3);
  strictEqual(await service.fail(), 3);
});
