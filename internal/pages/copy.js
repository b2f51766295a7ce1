// A Copy button beside each text that is there to be copied. Without this file
// the text selects whole at one click.
const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");
document.querySelector("main").append(said);

// Where there is no clipboard to write to, as on plain http, the browser copies
// what is selected.
async function copy(text) {
  if (navigator.clipboard) {
    return navigator.clipboard.writeText(text.textContent);
  }
  getSelection().selectAllChildren(text);
  if (!document.execCommand("copy")) {
    throw new Error("not copied");
  }
}

document.querySelectorAll("pre.copy").forEach((text, i) => {
  const frame = document.createElement("div");
  const button = document.createElement("button");
  frame.className = "copyable";
  text.id ||= `copy-${i}`;
  button.type = "button";
  button.textContent = "Copy";
  button.setAttribute("aria-describedby", text.id);
  button.addEventListener("click", async () => {
    try {
      await copy(text);
      button.textContent = said.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);
      said.textContent = "It could not be copied. The text is selected.";
    }
    setTimeout(() => {
      button.textContent = "Copy";
      said.textContent = "";
    }, 2000);
  });
  text.replaceWith(frame);
  frame.append(text, button);
});
