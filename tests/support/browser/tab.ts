/**
 * A tab of a real browser: its content and its controls.
 *
 * @module
 */

import { waitUntil } from "../host/wait_until.ts";

type Params = Readonly<Record<string, unknown>>;
interface Told {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

/** A tab; closed when disposed. */
export class Tab implements AsyncDisposable {
  /** Console messages and the browser's errors. */
  readonly console: string[] = [];
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, PromiseWithResolvers<Params>>();
  #sent = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(String(data)));
  }

  /** Connects to an open tab. */
  static async connect(url: string): Promise<Tab> {
    const socket = new WebSocket(url);
    const opened = Promise.withResolvers<void>();
    socket.onopen = () => opened.resolve();
    socket.onerror = () => opened.reject(new Error("Cannot connect to a tab"));
    await opened.promise;
    const tab = new Tab(socket);
    for (const domain of ["Page", "Runtime", "Log", "Network"]) {
      await tab.send(`${domain}.enable`);
    }
    return tab;
  }

  /** Sends a command of the protocol. */
  async send(method: string, params: Params = {}): Promise<Params> {
    const id = ++this.#sent;
    const answer = Promise.withResolvers<Params>();
    this.#waiting.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    return await answer.promise;
  }

  /** Navigates to a URL, and waits until the document is complete. */
  async go(url: string): Promise<void> {
    await this.send("Page.navigate", { url });
    await this.until("document.readyState === 'complete'");
  }

  /** Evaluates an expression in the page; awaits a promise. */
  async value(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", {
      ...{ expression, awaitPromise: true, returnByValue: true },
      userGesture: true,
    });
    if (exceptionDetails !== undefined) {
      throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    }
    return (result as Params)["value"];
  }

  /** Waits until an expression is true. */
  async until(expression: string): Promise<void> {
    await waitUntil(async () => {
      try {
        return await this.value(`Boolean(${expression})`) === true;
      } catch {
        // The document has changed.
        return false;
      }
    }, { what: `${expression} in a tab`, timeoutMs: 15_000 });
  }

  /** Waits until the page shows a text. */
  async untilShown(text: string): Promise<void> {
    await this.until(
      `document.body?.innerText.includes(${JSON.stringify(text)})`,
    );
  }

  /** Types into the focused element. */
  async type(text: string): Promise<void> {
    // A tab in the background receives no key events.
    await this.send("Page.bringToFront");
    await this.send("Input.insertText", { text });
  }

  /** Presses a key, such as `Enter` or `Tab`. */
  async press(key: string): Promise<void> {
    const codes: Readonly<Record<string, number>> = {
      Enter: 13,
      Tab: 9,
      Escape: 27,
    };
    const event = {
      ...{ key, code: key, windowsVirtualKeyCode: codes[key] },
      ...(key === "Enter" ? { text: "\r" } : {}),
    };
    await this.send("Page.bringToFront");
    await this.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.send("Input.dispatchKeyEvent", { type: "keyUp", ...event });
  }

  /** Clicks the first matching element that contains a text. */
  async click(selector: string, text = ""): Promise<void> {
    const found =
      `[...document.querySelectorAll(${JSON.stringify(selector)})]` +
      `.find((it) => it.textContent.includes(${JSON.stringify(text)}))`;
    await this.until(found);
    await this.value(`${found}.click()`);
  }

  /** Sets the size and colour scheme. */
  async look(width: number, scheme: "light" | "dark"): Promise<void> {
    await this.send("Emulation.setDeviceMetricsOverride", {
      ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 500 },
    });
    await this.send("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  }

  /** A screenshot as PNG. */
  async picture(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.send("Page.captureScreenshot", {
      format: "png",
    });
    return Uint8Array.fromBase64(String(data));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = Promise.withResolvers<void>();
    this.#socket.onclose = () => closed.resolve();
    this.#socket.close();
    await closed.promise;
  }

  #hear({ id, method, params = {}, result = {}, error }: Told): void {
    if (id !== undefined) {
      const answer = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error.message));
    }
    if (method === "Runtime.consoleAPICalled") {
      this.console.push(JSON.stringify(params["args"]));
    }
    if (method === "Runtime.exceptionThrown") {
      this.console.push(JSON.stringify(params["exceptionDetails"]));
    }
    if (method === "Log.entryAdded") {
      this.console.push(JSON.stringify(params["entry"]));
    }
  }
}
