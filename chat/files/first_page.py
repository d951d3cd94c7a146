"""`python -m chat.files.first_page 720 < some.pdf > page.ppm`: a PDF's first page, at most so many pixels a side.

A process of its own, started by chat.files.thumbnails with no environment of ours: PDFium is written in C++, and files
are made to break it. What it may use is bounded before it sees a byte.
"""

import resource
import sys

import pypdfium2

_MEMORY = 1024 * 1024 * 1024  # bytes of address space
_SECONDS = 15  # of CPU


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    side = int(sys.argv[1])
    page = pypdfium2.PdfDocument(sys.stdin.buffer.read())[0]
    longest = max(page.get_size())  # points
    bitmap = page.render(scale=side / longest, may_draw_forms=False)
    bitmap.to_pil().convert("RGB").save(sys.stdout.buffer, "PPM")


if __name__ == "__main__":
    main()
