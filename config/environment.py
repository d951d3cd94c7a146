"""The environment of a Parley in development: what a deployment sets itself, `make run` fills in."""

import base64
import os
import secrets

from config.embedded import data_folder

SECRETS = ("PARLEY_SECRET_KEY", "PARLEY_FIELD_KEYS")


def development_environment(port: int) -> dict[str, str]:
    """This process's environment, with values for what it lacks. Makes the data folder and its keys."""
    folder = data_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PARLEY_BASE_DOMAIN": "localhost",
        "PARLEY_DEBUG": "1",
        "PYTHONUNBUFFERED": "1",
        **_kept_secrets(),
        **os.environ,
    }
    environment["PORT"] = str(port)
    environment["PARLEY_DATA"] = str(folder)
    return environment


def _kept_secrets() -> dict[str, str]:
    """Keys made once, so that sessions and encrypted secrets outlive a start. The file is mode 0600."""
    file = data_folder() / "secrets"
    kept = {}
    if file.exists():
        kept = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    if any(not kept.get(name) for name in SECRETS):
        for name in SECRETS:
            kept.setdefault(name, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        fresh = file.with_name("secrets.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.writelines(f"{name}={value}\n" for name, value in kept.items())
        fresh.replace(file)
    return kept
