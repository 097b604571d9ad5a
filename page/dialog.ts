/**
 * Asks for confirmation, and shows the equivalent command.
 *
 * @module
 */

import { Refused } from "./api.ts";
import { button, el, setText } from "./dom.ts";
import type { Confirmation, Shell } from "./views/view.ts";

let dialogs = 0;

/** Shows the dialog; the browser restores the focus afterwards. */
export function askFor(
  { title, fields = [], command, verb, act }: Confirmation,
  shell: Shell,
): void {
  const id = `dialog-${++dialogs}`;
  const typed = el("code", {}, command());
  const trouble = el("p", { role: "alert", class: "trouble" });
  const go = el("button", { type: "submit", class: "main" }, verb);
  const submit = async () => {
    go.disabled = true;
    try {
      const lines = await act();
      dialog.close();
      shell.say(lines);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      setText(trouble, `${error.message}.`);
      if (error.status === 401) {
        dialog.close();
        void shell.attempt(() => Promise.reject(error));
      }
    } finally {
      go.disabled = false;
    }
  };
  const dialog = el(
    "dialog",
    {
      "aria-labelledby": id,
      onclose: () => {
        dialog.remove();
        // The action may have removed the element that had the focus.
        if (document.activeElement === document.body) {
          document.querySelector<HTMLElement>("main")?.focus();
        }
      },
    },
    el(
      "form",
      {
        method: "dialog",
        oninput: () => setText(typed, command()),
        onsubmit: (event) => {
          event.preventDefault();
          void submit();
        },
      },
      el("h2", { id }, title),
      ...fields,
      el("p", { class: "same" }, "The command that does the same:", typed),
      trouble,
      el(
        "div",
        { class: "bar" },
        go,
        button("Cancel", () => dialog.close()),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
