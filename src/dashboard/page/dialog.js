import { ApiError, hasToken, post, setToken } from "./api.js";
import { h } from "./dom.js";

const NAME = "rota.name";

/** Asks for what a change needs; answers the values, or undefined when the person thinks better of it. */
function ask({ title, text, fields, confirm, danger }) {
  return new Promise((resolve) => {
    const inputs = fields.map((field) =>
      h(
        "label",
        {},
        field.label,
        h("input", { name: field.name, required: true, autocomplete: "off", ...field.input }),
      ),
    );
    const dialog = h(
      "dialog",
      { "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "dialog-title" }, title),
        text ? h("p", {}, text) : null,
        inputs,
        h(
          "div",
          { class: "buttons" },
          h("button", { value: "cancel", formnovalidate: true, class: "plain" }, "Cancel"),
          h("button", { value: "ok", class: danger ? "danger" : "primary" }, confirm),
        ),
      ),
    );
    // Enter in a field means the confirming button, not the first one.
    dialog.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      dialog.querySelector("button[value=ok]").click();
    });
    dialog.addEventListener("close", () => {
      const values = Object.fromEntries(new FormData(dialog.querySelector("form")));
      const answer = dialog.returnValue === "ok" ? values : undefined;
      dialog.remove();
      resolve(answer);
    });
    document.getElementById("dialogs").append(dialog);
    dialog.showModal();
    const first = [...dialog.querySelectorAll("input")].find((input) => input.value === "");
    first?.focus();
  });
}

export function tell(title, text) {
  return ask({ title, text, fields: [], confirm: "Close" });
}

/** True when there is a token now. */
export async function unlock(why) {
  const answer = await ask({
    title: "The daemon's token",
    text: `${why} It is in the file “token” of the state folder (.rota/token), and in the link that rota up printed. This tab keeps it until it is closed.`,
    fields: [{ name: "token", label: "Token", input: { type: "password", spellcheck: "false" } }],
    confirm: "Unlock",
  });
  if (!answer) return false;
  setToken(String(answer.token).trim());
  return true;
}

/** Asks for name and reason, sends the change, asks for the token when it is missing or wrong. True when done. */
export async function change({ title, text, confirm, danger, path, body }) {
  const answer = await ask({
    title,
    text,
    confirm,
    danger,
    fields: [
      { name: "reason", label: "Reason", input: { maxlength: 500 } },
      { name: "by", label: "Your name", input: { maxlength: 80, value: sessionStorage.getItem(NAME) ?? "" } },
    ],
  });
  if (!answer) return false;
  sessionStorage.setItem(NAME, answer.by);
  if (!hasToken() && !(await unlock("Changes need it."))) return false;
  for (;;) {
    try {
      await post(path, { ...body, reason: answer.reason, by: answer.by });
      return true;
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) {
        setToken(null);
        if (await unlock("That was not the daemon’s token.")) continue;
        return false;
      }
      await tell("That was not done", [error.message, error.fix].filter(Boolean).join(" — "));
      return false;
    }
  }
}
