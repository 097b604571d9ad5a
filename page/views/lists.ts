/**
 * The allowlist, the lists and the audit, each loaded as a whole.
 *
 * @module
 */

import { countText } from "../../lib/views/plain_texts.ts";
import { timeText } from "../../lib/views/operator_output.ts";
import { askOne } from "../api.ts";
import { addressLink, button, el, filledTable } from "../dom.ts";
import { allowing, disallowing } from "./actions.ts";
import type { Shell, View } from "./view.ts";

const MAX_AUDIT = 200;

/** The allowlist, like `fail2ban-cluster allow list`. */
export function allowlistView(shell: Shell): View {
  const found = el("div", {});
  const reload = () => void shell.attempt(load);
  const load = async () => {
    const { allowed } = await askOne({ kind: "allowlist" }, "allowlist");
    found.replaceChildren(filledTable(
      "Allowlist",
      ["Network", "Added", "Ends", "Note", ""],
      allowed.map(({ network, addedMs, untilMs, note }) => [
        addressLink(network),
        timeText(addedMs),
        timeText(untilMs),
        note,
        shell.mayWrite
          ? button(
            "Remove",
            () => shell.confirm(disallowing(network, reload)),
            { "aria-label": `Remove ${network}` },
          )
          : undefined,
      ]),
      "The allowlist is empty: own hosts and members are never banned all the same.",
    ));
  };
  const add = shell.mayWrite
    ? button("Allow an address", () => shell.confirm(allowing("", reload)))
    : undefined;
  return {
    title: "Allowlist",
    content: el("div", {}, el("div", { class: "bar" }, add), found),
    load,
  };
}

/** Lists that others fetch, and imported lists. */
export function listsView(): View {
  const [out, into] = [el("div", {}), el("div", {})];
  const load = async () => {
    const [{ lists }, { imports }] = await Promise.all([
      askOne({ kind: "status" }, "status"),
      askOne({ kind: "imports" }, "imports"),
    ]);
    out.replaceChildren(filledTable(
      "Lists out",
      ["Where it is read"],
      lists.map((place) => [el("code", {}, place)]),
      "No list is served: [list:NAME] and httpbindurl in the configuration do it.",
    ));
    into.replaceChildren(filledTable(
      "Imports",
      ["Name", "Entries", "Standing", "Imported", "Ends", "State"],
      imports.map((each) => [
        each.name,
        countText(each.entries),
        countText(each.standing),
        timeText(each.atMs),
        timeText(each.endsMs),
        each.state,
      ]),
      "Nothing is imported: fail2ban-cluster import FILE --name NAME does it.",
    ));
  };
  return {
    title: "Lists",
    content: el(
      "div",
      {},
      el("h2", {}, "Lists that others fetch"),
      out,
      el("h2", {}, "Imported lists"),
      into,
    ),
    load,
  };
}

/** The audit, like `fail2ban-cluster audit`. */
export function auditView(): View {
  const content = el("div", {});
  const load = async () => {
    const { entries } = await askOne(
      { kind: "audit", max: MAX_AUDIT },
      "audit",
    );
    content.replaceChildren(filledTable(
      "Audit",
      ["Time", "Who", "Did", "What", "Detail"],
      // Latest first, as in the other views.
      entries.toReversed().map(({ atMs, by, action, subject, detail }) => [
        timeText(atMs),
        by,
        action,
        subject,
        detail,
      ]),
      "Nobody did anything yet.",
    ));
  };
  return { title: "Audit", content, load };
}
