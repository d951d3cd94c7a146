"""nchan: nginx's module for sockets that listen and publish. One channel, kept in the memory of one worker."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.harness import Bench, Wrong
from tests.bench.peers import Peer, plan, room, started
from tests.servers import free_port

MODULES = Path("/usr/lib/nginx/modules")  # of Debian's packages
MODULE = "ngx_nchan_module.so"

# One worker for the one core. The buffer holds more than is ever in flight: a socket that lags behind it loses messages.
CONFIGURATION = """
load_module {module};
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr error;
worker_processes 1;
worker_rlimit_nofile 65536;
events {{ worker_connections 16384; }}
http {{
    access_log off;
    client_body_temp_path {folder}/client-body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    nchan_max_reserved_memory 256M;
    server {{
        listen 127.0.0.1:{port};
        tcp_nodelay on;
        location = /room {{
            nchan_pubsub websocket;
            nchan_channel_id bench;
            nchan_subscriber_first_message newest;
            nchan_message_buffer_length 1000;
            nchan_message_timeout 1m;
        }}
    }}
}}
"""


def missing() -> str | None:
    if _program() and (MODULES / MODULE).exists():
        return None
    return "nchan: apt-get install libnginx-mod-nchan"


@contextmanager
def running(bench: Bench) -> Iterator[Peer]:
    program, port = _program(), free_port()
    if program is None:
        raise Wrong("nginx is not installed")
    with tempfile.TemporaryDirectory(prefix="parley-nchan-") as name:
        folder = Path(name)
        configuration = folder / "nginx.conf"
        configuration.write_text(
            CONFIGURATION.format(
                module=MODULES / MODULE,
                user="user root;" if os.geteuid() == 0 else "",  # its files are in a folder of ours
                folder=folder,
                port=port,
            )
        )
        command = [program, "-c", str(configuration), "-p", str(folder)]
        with started(bench, command, port, folder) as process:
            yield Peer("nchan", plan(port, room("/room")), {"nginx": process.pid})


def _program() -> str | None:
    return shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
