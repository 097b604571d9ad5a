/**
 * A real Chromium, controlled by its DevTools protocol.
 *
 * @see {@link https://chromedevtools.github.io/devtools-protocol/ | DevTools protocol}
 * @module
 */

import { TempDir } from "../host/temp_dir.ts";
import { waitUntil } from "../host/wait_until.ts";
import { Tab } from "./tab.ts";

/** Debian's path. */
export const CHROMIUM = "/usr/bin/chromium";
const FLAGS = [
  ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"],
  ...["--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync", "--hide-scrollbars"],
  ...["--disable-dev-shm-usage", "--remote-debugging-port=0"],
];

/** A browser with an empty profile; ended when disposed. */
export class Chromium implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: TempDir;
  readonly #port: number;

  private constructor(
    child: Deno.ChildProcess,
    profile: TempDir,
    port: number,
  ) {
    this.#child = child;
    this.#profile = profile;
    this.#port = port;
  }

  /** Starts the browser. */
  static async start(): Promise<Chromium> {
    const profile = await TempDir.create();
    const child = new Deno.Command(CHROMIUM, {
      args: [...FLAGS, `--user-data-dir=${profile.path()}`, "about:blank"],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const port = await portOf(child.stderr);
    return new Chromium(child, profile, port);
  }

  /** Opens a tab; all tabs share the browser's cookies. */
  async open(url: string): Promise<Tab> {
    const response = await fetch(
      `http://127.0.0.1:${this.#port}/json/new?about:blank`,
      { method: "PUT" },
    );
    const { webSocketDebuggerUrl } = await response.json();
    const tab = await Tab.connect(webSocketDebuggerUrl);
    await tab.go(url);
    return tab;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#child.status;
    // Its helper processes end a moment later, and write until then.
    await waitUntil(
      () => this.#profile[Symbol.asyncDispose]().then(() => true, () => false),
      { what: "Chromium's folder without anybody in it" },
    );
  }
}

/** Reads the port from standard error; ignores the rest. */
async function portOf(stderr: ReadableStream<Uint8Array>): Promise<number> {
  const told = Promise.withResolvers<number>();
  const decoder = new TextDecoder();
  (async () => {
    let text = "";
    for await (const chunk of stderr) {
      if (text.length < 100_000) {
        text += decoder.decode(chunk, { stream: true });
      }
      const port = /DevTools listening on ws:\/\/[^:]+:(\d+)\//.exec(text)?.[1];
      if (port !== undefined) told.resolve(Number(port));
    }
    told.reject(new Error(`Chromium ended: ${text}`));
  })();
  return await told.promise;
}
