"""The proxy of docs/guide-server.md, if nginx is installed, with a server behind it."""

import os
import re
import shutil
import socket
import ssl
import subprocess

from harness import DEADLINE, DELTA, DURABLE, Client, Server, Typist, certificate, main, until

GUIDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/guide-server.md")
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
AROUND = """daemon off; master_process off; pid %(folder)s/pid; error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path %(folder)s/body; proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi; uwsgi_temp_path %(folder)s/uwsgi; scgi_temp_path %(folder)s/scgi;
%(example)s}
"""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def listens(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def example(folder, server, port):
    """What the guide shows, with the addresses and files of now."""
    with open(GUIDE) as guide:
        text = re.search("```nginx\n(.*?)```", guide.read(), re.S).group(1)
    cert, key = certificate(folder)
    for shown, here in (("listen 443 ssl;", "listen 127.0.0.1:%d ssl;" % port), ("127.0.0.1:8377", server.address),
                        ("/etc/letsencrypt/live/notes.example.org/fullchain.pem", cert),
                        ("/etc/letsencrypt/live/notes.example.org/privkey.pem", key)):
        assert text.count(shown) == 1, shown
        text = text.replace(shown, here)
    path = os.path.join(folder, "nginx.conf")
    with open(path, "w") as file:
        file.write(AROUND % {"folder": folder, "example": text})
    return path, ssl.create_default_context(cafile=cert)


def speaks_through(server):
    typist, other = Typist(server, "notes", path="/notes/sync"), Client(server)
    other.join("notes")
    typist.type("n")
    assert len(other.expect(DELTA)[3:]) == 1
    typist.wait(DURABLE)
    status, headers, text = server.get("/docs/notes")
    assert (status, text, headers["Cache-Control"]) == (200, "n", "no-store"), (status, text)
    assert server.get("/docs/notes", If_None_Match=headers["ETag"])[0] == 304
    typist.close()
    other.close()


def check_the_example_passes_on_frames_and_requests(folder):
    if not NGINX:
        return
    with Server(folder, "--open", "--origin", "https://127.0.0.1") as server:  # passed on without the port
        direct, port = server.port, free_port()
        path, tls = example(folder, server, port)
        proxy = subprocess.Popen([NGINX, "-e", "stderr", "-p", folder, "-c", path], stdin=subprocess.DEVNULL)
        try:
            until(lambda: proxy.poll() is not None or listens(port), "nginx is not there")
            assert proxy.poll() is None, "nginx does not take the example"
            server.port, server.tls = port, tls
            speaks_through(server)
        finally:
            server.port, server.tls = direct, None
            proxy.terminate()
            proxy.wait(DEADLINE)


main(globals())
