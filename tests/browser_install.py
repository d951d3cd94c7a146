"""Finds or installs a Chromium, then becomes the given command with its path in PARLEY_CHROMIUM.

In this order: PARLEY_CHROMIUM, Chromium's headless shell (the machine's own; from the system's package manager when root), a whole
Chromium of the machine, Playwright's. The shell is the same browser without a window: a whole one starts pages for its toolbar
with each context, and takes three and a half times the CPU for the same tests.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

SHELL = "chromium-headless-shell"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_or_install() -> str | None:
    """The path of a Chromium that starts, or None when there was no way to get one."""
    if chosen := os.environ.get("PARLEY_CHROMIUM"):
        return chosen if starts(chosen) else None
    return (
        of_machine(SHELL)
        or installed_by_system(SHELL)
        or of_machine(*NAMES)
        or of_playwright()
        or installed_by_playwright()
        or installed_by_system("chromium")
    )


def of_machine(*names: str) -> str | None:
    return next((path for name in names if (path := shutil.which(name)) and starts(path)), None)


def of_playwright() -> str | None:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() and starts(path) else None


def installed_by_playwright() -> str | None:
    print("Installing Chromium with Playwright …", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    return of_playwright()


def installed_by_system(package: str) -> str | None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return None
    print(f"Installing {package} with apt-get …", flush=True)
    subprocess.run(["apt-get", "update", "-qq"], check=False)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", package],
        check=False,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )
    return of_machine(package)


def starts(path: str) -> bool:
    """Whether the program and the libraries it needs are there."""
    try:
        return (
            subprocess.run([path, "--version"], capture_output=True, check=False, timeout=30).returncode == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def main(command: list[str]) -> int:
    path = find_or_install()
    if path is None:
        print(
            "The browser tests need Chromium, and none could be installed. Install it (Debian: apt install chromium) "
            "or name one: PARLEY_CHROMIUM=/path/to/chromium make test",
            file=sys.stderr,
        )
        return 1
    if not command:
        print(path)
        return 0
    return subprocess.run(command, check=False, env=os.environ | {"PARLEY_CHROMIUM": path}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
