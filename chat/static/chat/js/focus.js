// The focus stays where it is while messages are drawn anew: on the same thing of the message that takes the place.
const STOPS = "a[href], button:enabled, input:enabled, summary, [tabindex]";

/** Note what has the focus in `message`. Answers `refocus(fresh)`, to be called when the new message is drawn. A form that
 * stands in a message moves by itself (editing.js). */
export function holdFocus(message) {
  const focused = document.activeElement;
  if (!message?.contains(focused) || focused.closest("form")) return () => {};
  const name = nameOf(focused);
  const at = alike(message, name).indexOf(focused);
  const { tabIndex } = message;
  return (fresh) => {
    if (!fresh || focused.isConnected) return;
    if (focused === message) fresh.tabIndex = tabIndex;
    const same = focused === message ? fresh : alike(fresh, name)[at];
    (same ?? fresh).focus({ preventScroll: true });
  };
}

const alike = (message, name) => [...message.querySelectorAll(STOPS)].filter((one) => nameOf(one) === name);

function nameOf({ localName, classList, dataset, attributes }) {
  return [localName, classList[0], dataset.keep, dataset.emoji, dataset.block, attributes.href?.value].join(" ");
}
