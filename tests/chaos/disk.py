"""A disk that can be full."""

import os
import subprocess
from pathlib import Path


class Disk:
    """A small file system in memory that can be filled to the last byte. Needs the right to mount."""

    SIZE = 1536 * 1024 * 1024

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        options = ["-o", f"size={self.SIZE},mode=711"]
        subprocess.run(
            ["mount", "-t", "tmpfs", *options, "parley-chaos", str(folder)], check=True, capture_output=True
        )

    @classmethod
    def possible(cls, folder: Path) -> "Disk | None":
        """One at `folder`, or None where this machine does not let us."""
        try:
            return cls(folder)
        except (OSError, subprocess.CalledProcessError):
            return None

    def fill(self) -> None:
        with (self.folder / "ballast").open("wb") as ballast:
            size = 1 << 26
            while size:
                try:
                    os.posix_fallocate(ballast.fileno(), ballast.seek(0, os.SEEK_END), size)
                except OSError:
                    size >>= 1

    def free(self) -> None:
        (self.folder / "ballast").unlink()

    def remove(self) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=False)
