/**
 * The frame around the views: navigation, cluster status and messages.
 *
 * @module
 */

import type { ShownVisit } from "../lib/page/page_service.ts";
import { countedText } from "../lib/views/plain_texts.ts";
import type { LiveEvent } from "../lib/wire/operator_tail.ts";
import { askOne, currentVisit, logout, Refused } from "./api.ts";
import { askFor } from "./dialog.ts";
import { button, el, setText, state } from "./dom.ts";
import { Live } from "./live.ts";
import { addressView } from "./views/address.ts";
import { bansView } from "./views/bans.ts";
import { allowlistView, auditView, listsView } from "./views/lists.ts";
import { liveView } from "./views/live.ts";
import { nodesView } from "./views/nodes.ts";
import { refusedView } from "./views/refused.ts";
import type { Shell, View } from "./views/view.ts";

const NAMES = {
  bans: "Bans",
  address: "Address",
  nodes: "Nodes",
  refused: "Refused",
  allowlist: "Allowlist",
  lists: "Lists",
  audit: "Audit",
  live: "Live",
} as const;
type Name = keyof typeof NAMES;

const MAX_EVENTS = 300;
/** Interval between requests for the status, in seconds. */
const STATUS_SECONDS = 10;
/** Pause before a refused stream is retried. */
const RETRY_MS = 2_000;

/** The page of a logged-in user. */
export class PageShell implements Shell {
  readonly mayWrite: boolean;
  readonly #visit: ShownVisit;
  readonly #leave: (reason?: string) => void;
  readonly #links = new Map<Name, HTMLAnchorElement>();
  readonly #status = el("p", { class: "status" });
  readonly #link = el("span", { role: "status" });
  readonly #said = el("div", { class: "said", role: "status" });
  readonly #main = el("main", { tabindex: "-1", id: "main" });
  readonly #stop = new AbortController();
  #events: readonly LiveEvent[] = [];
  #view: View | undefined;
  #live: Live | undefined;
  #seconds = 0;

  /**
   * @param visit The login.
   * @param leave Shows the login form.
   */
  constructor(visit: ShownVisit, leave: (reason?: string) => void) {
    this.#visit = visit;
    this.#leave = leave;
    this.mayWrite = !visit.isReadOnly;
  }

  /** Shows the page. */
  show(): void {
    const nav = Object.entries(NAMES).map(([name, text]) => {
      const link = el("a", { href: `#${name}` }, text);
      this.#links.set(name as Name, link);
      return el("li", {}, link);
    });
    document.body.replaceChildren(
      el(
        "a",
        { class: "skip", href: "#main", onclick: this.#skip },
        "Skip to the view",
      ),
      el(
        "header",
        {},
        el("strong", { class: "brand" }, "fail2ban-cluster"),
        this.#status,
        this.#link,
        el(
          "span",
          { class: "who" },
          this.#visit.by,
          this.mayWrite ? "" : " (read only)",
        ),
        // A proxy's login can only end at the proxy.
        this.#visit.isByProxy
          ? undefined
          : button("Log out", () => void this.#logout()),
      ),
      el("nav", { "aria-label": "Views" }, el("ul", {}, ...nav)),
      this.#main,
      this.#said,
    );
    const { signal } = this.#stop;
    addEventListener("hashchange", () => this.#open(), { signal });
    const timer = setInterval(() => this.#tick(), 1_000);
    signal.addEventListener("abort", () => clearInterval(timer));
    this.#open();
    this.#follow();
  }

  readonly say = (lines: readonly string[], isTrouble = false): void => {
    this.#said.replaceChildren(
      ...lines.map((line) =>
        el("p", { class: isTrouble ? "trouble" : "done" }, line)
      ),
      button("Close", () => this.#said.replaceChildren()),
    );
  };

  readonly attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.status === 401) this.#end("The login is over.");
      else if (!this.#stop.signal.aborted) {
        this.say([`${error.message}.`], true);
      }
    }
  };

  readonly confirm = (question: Parameters<Shell["confirm"]>[0]): void =>
    askFor(question, this);

  readonly #skip = (event: Event): void => {
    event.preventDefault();
    this.#main.focus();
  };

  #open(): void {
    const [name = "", ...rest] = location.hash.slice(1).split("/");
    const argument = decoded(rest.join("/"));
    const known = Object.hasOwn(NAMES, name) ? name as Name : "bans";
    const view = this.#made(known, argument);
    const isFirst = this.#view === undefined;
    this.#view = view;
    document.title = `${view.title} - fail2ban-cluster`;
    for (const [each, link] of this.#links) {
      if (each === known) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    const heading = el("h1", { tabindex: "-1" }, view.title);
    this.#main.replaceChildren(heading, view.content);
    // Moves the focus, so that a screen reader announces the new view.
    if (!isFirst) heading.focus();
    void this.attempt(view.load);
  }

  #made(name: Name, argument: string): View {
    switch (name) {
      case "bans":
        return bansView(this, argument);
      case "address":
        return addressView(this, argument);
      case "nodes":
        return nodesView(this);
      case "refused":
        return refusedView(this.#events);
      case "allowlist":
        return allowlistView(this);
      case "lists":
        return listsView();
      case "audit":
        return auditView();
      case "live":
        return liveView(this.#events);
    }
  }

  #follow(): void {
    this.#live = new Live({
      following: (isAnew) => {
        if (isAnew && this.#view !== undefined) {
          void this.attempt(this.#view.load);
        }
        void this.attempt(() => this.#tellStatus());
      },
      changed: (told) => {
        this.#view?.changed?.(told);
        // The next tick updates the number of bans.
        this.#seconds = STATUS_SECONDS - 1;
      },
      events: (told) => {
        this.#events = [...this.#events, ...told.events].slice(-MAX_EVENTS);
        this.#view?.events?.(told);
      },
      connected: (isConnected) =>
        this.#link.replaceChildren(
          isConnected ? state("live", "good") : state("no connection", "bad"),
        ),
      lost: () => setTimeout(() => void this.#again(), RETRY_MS),
    });
  }

  /**
   * Handles a refused stream: the login has ended, or the publisher is not
   * running yet.
   */
  async #again(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      if (await currentVisit() === undefined) this.#end("The login is over.");
      else this.#follow();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setTimeout(() => void this.#again(), RETRY_MS);
    }
  }

  #tick(): void {
    this.#view?.tick?.();
    if (++this.#seconds >= STATUS_SECONDS) {
      this.#seconds = 0;
      void this.attempt(() => this.#tellStatus());
    }
  }

  async #tellStatus(): Promise<void> {
    const { bans, waiting, nodes, storeTrouble } = await askOne(
      { kind: "status" },
      "status",
    );
    this.#view?.counted?.(bans + waiting);
    const others = nodes.silent + nodes.away + nodes.aside;
    const words = [
      countedText(bans, "ban"),
      `${countedText(nodes.ok, "node")} ok`,
      ...(others === 0 ? [] : [`${others} not`]),
      ...(storeTrouble === ""
        ? []
        : [`nothing can be stored: ${storeTrouble}`]),
    ];
    setText(this.#status, words.join(", "));
  }

  async #logout(): Promise<void> {
    await this.attempt(async () => {
      await logout();
      this.#end("");
    });
  }

  #end(reason: string): void {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.#live?.close();
    this.#leave(reason);
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
