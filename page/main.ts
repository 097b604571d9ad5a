/**
 * The operator's page: login, views and live events.
 *
 * @module
 */

import { currentVisit, login, Refused } from "./api.ts";
import { button, el, field } from "./dom.ts";
import { PageShell } from "./shell.ts";

/** Shows the login form, or the page for the current login. */
async function begin(): Promise<void> {
  try {
    const visit = await currentVisit();
    if (visit === undefined) showLogin();
    else new PageShell(visit, showLogin).show();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    document.body.replaceChildren(
      el(
        "main",
        { class: "login" },
        el("h1", {}, "fail2ban-cluster"),
        el("p", { role: "alert" }, `${error.message}.`),
        button("Try again", () => void begin()),
      ),
    );
  }
}

function showLogin(reason = ""): void {
  document.title = "Log in - fail2ban-cluster";
  const trouble = el("p", { role: "alert", class: "trouble" }, reason);
  const code = el("input", {
    ...{ autocomplete: "one-time-code", spellcheck: "false", required: true },
    ...{ inputmode: "text", maxlength: "40" },
  });
  const enter = async () => {
    try {
      const visit = await login(code.value.trim());
      new PageShell(visit, showLogin).show();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      trouble.textContent = `${error.message}.`;
      code.select();
    }
  };
  const form = el(
    "form",
    {
      onsubmit: (event) => {
        event.preventDefault();
        void enter();
      },
    },
    field("Code", code, "it counts once, within two minutes"),
    trouble,
    el("button", { type: "submit", class: "main" }, "Log in"),
  );
  document.body.replaceChildren(
    el(
      "main",
      { class: "login" },
      el("h1", {}, "fail2ban-cluster"),
      el(
        "p",
        {},
        "On the publisher's host, ",
        el("code", {}, "fail2ban-cluster page login"),
        " prints a code.",
      ),
      form,
    ),
  );
  code.focus();
}

void begin();
