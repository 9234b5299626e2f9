"""sennitd as a process, for tests."""
from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(os.environ.get("SENNIT_ROOT", Path(__file__).resolve().parents[3]))
BUILD = Path(os.environ.get("SENNIT_BUILD", ROOT / "build/release"))
DEADLINE = 30.0


class Server:
    """Listens on a port that the system chose, and keeps it when it is started again."""

    def __init__(self, *options: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.folder = Path(self._folder.name)
        self._options = options
        self.address = "127.0.0.1:0"
        self.start()

    @property
    def url(self) -> str:
        return f"ws://{self.address}/sync"

    def start(self) -> None:
        file = self.folder / "address"
        file.unlink(missing_ok=True)
        command = [str(BUILD / "sennitd"), "--listen", self.address, "--address-file", str(file)]
        command += ["--data", str(self.folder / "data.sqlite"), "--log-level", "error", *self._options]
        self.process = subprocess.Popen(command)
        end = time.monotonic() + DEADLINE
        while not (file.exists() and file.read_text().strip()):
            assert self.process.poll() is None and time.monotonic() < end, "the server does not start"
            time.sleep(0.005)
        self.address = file.read_text().strip()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://{self.address}{path}", timeout=DEADLINE) as answer:
            return str(answer.read().decode())

    def text(self, name: str) -> str:
        return self.get(f"/docs/{name}")

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(DEADLINE)
        self._folder.cleanup()


def token(folder: Path, *options: str) -> str:
    """A token by the key in a folder, which is made there first."""
    sennit = str(BUILD / "sennit")
    if not (folder / "key.secret").exists():
        subprocess.run([sennit, "token", "keygen", str(folder / "key")], check=True)
    done = subprocess.run(
        [sennit, "token", "make", "--key", str(folder / "key.secret"), *options],
        check=True, stdout=subprocess.PIPE, text=True,
    )
    return done.stdout.strip()
