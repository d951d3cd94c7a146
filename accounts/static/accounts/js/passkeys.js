// allauth's scripts do the asking; here a person learns when the browser or the key said no.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const place = document.getElementById("passkey-error");
  place.textContent = place.dataset.refused;
  place.hidden = false;
});
