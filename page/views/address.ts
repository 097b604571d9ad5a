/**
 * Everything known about an address, like `fail2ban-cluster why`.
 *
 * @module
 */

import type { Address } from "../../lib/base/address.ts";
import { whyHeadline, whySections } from "../../lib/views/why_view.ts";
import { type AnswerOf, askOne, nowMs } from "../api.ts";
import { button, el } from "../dom.ts";
import { typedNetwork } from "../search.ts";
import { allowing, banning, unbanning } from "./actions.ts";
import type { Shell, View } from "./view.ts";

/** The view. */
export function addressView(shell: Shell, asked: string): View {
  const input = el("input", {
    ...{ id: "address", value: asked, spellcheck: "false" },
    placeholder: "203.0.113.7 or a network",
  });
  const found = el("section", { "aria-live": "polite" });
  const form = el(
    "form",
    {
      class: "bar",
      onsubmit: (event) => {
        event.preventDefault();
        location.hash = `#address/${input.value.trim()}`;
      },
    },
    el("label", { for: "address" }, "Address or network"),
    input,
    el("button", { type: "submit" }, "Look it up"),
  );
  let why: AnswerOf<"why"> | undefined;
  const load = async () => {
    if (asked === "") return;
    const address = typedNetwork(asked);
    if (address === undefined) {
      found.replaceChildren(
        el("p", { class: "empty" }, `"${asked}" is no address and no network.`),
      );
      return;
    }
    why = await askOne({ kind: "why", address: address as Address }, "why");
    found.replaceChildren(...shown(shell, why));
  };
  const concerns = (address: string) =>
    address === asked || why?.bans.some(({ ban }) => ban.address === address);
  return {
    title: asked === "" ? "Address" : `Address ${asked}`,
    content: el("div", {}, form, found),
    load,
    changed: ({ bans, gone }) => {
      if ([...bans, ...gone].some(({ address }) => concerns(address))) {
        shell.attempt(load);
      }
    },
    events: ({ events }) => {
      const isMeant = events.some((event) =>
        event.kind === "ban" && concerns(event.address)
      );
      if (isMeant) shell.attempt(load);
    },
  };
}

function shown(shell: Shell, why: AnswerOf<"why">): readonly HTMLElement[] {
  const { address, bans } = why;
  const sections = whySections(why, nowMs())
    // The dialogs show the commands.
    .filter(([heading, lines]) =>
      lines.length > 0 && heading !== "end it" && heading !== "ban it"
    );
  const subjects = [...new Set(bans.map(({ ban }) => ban.address))];
  const actions = shell.mayWrite
    ? el(
      "div",
      { class: "bar" },
      ...subjects.map((each) =>
        button(`Lift ${each}`, () => shell.confirm(unbanning(each)))
      ),
      subjects.includes(address)
        ? undefined
        : button("Ban it", () => shell.confirm(banning(address))),
      button(
        "Keep it out of all bans",
        () => shell.confirm(allowing(address, () => {})),
      ),
    )
    : undefined;
  return [
    el("h2", { class: "verdict" }, whyHeadline(why, nowMs())),
    el(
      "dl",
      { class: "facts" },
      ...sections.flatMap(([heading, lines]) => [
        el("dt", {}, heading),
        el("dd", {}, el("pre", {}, lines.join("\n"))),
      ]),
    ),
    ...(actions === undefined ? [] : [actions]),
    el(
      "p",
      {},
      "In a terminal: ",
      el("code", {}, `fail2ban-cluster why ${address}`),
    ),
  ];
}
