// Proposes a workspace address from the organisation's name, until somebody types an address of their own.
const address = document.querySelector("[data-proposed-from]");
const name = address && document.getElementById(address.dataset.proposedFrom);

const SPELLED = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ł: "l", þ: "th", "&": " and " };

const proposal = (text) =>
  text
    .toLowerCase()
    .replace(/[ßæœøđłþ&]/g, (letter) => SPELLED[letter])
    .normalize("NFD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 40)
    .replace(/^-+|-+$/g, "");

if (name) {
  let own = address.value !== "" && address.value !== proposal(name.value);
  address.addEventListener("input", (event) => {
    if (event.isTrusted) own = address.value !== "";
  });
  name.addEventListener("input", () => {
    if (own) return;
    address.value = proposal(name.value);
    address.dispatchEvent(new Event("input", { bubbles: true }));
  });
}
