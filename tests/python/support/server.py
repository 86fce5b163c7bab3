"""A `halimede serve` process on a free port."""

import os
import re
import signal
import subprocess
from pathlib import Path

READY = re.compile(r"^halimede ready on (https?://\S+)$")

#: Settings of the surroundings that would change what a server does; a test hands in what it means to.
SCRUBBED = ("AWS_", "HALIMEDE_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy")


def clean_environment(extra=None):
    """The environment without anything that configures a server or an SDK, plus `extra`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SCRUBBED)}
    return kept | {"NO_COLOR": "1"} | (extra or {})


class Server:
    """One server process. Usable as a context manager: left with SIGTERM, killed if that was not enough."""

    def __init__(self, binary, data, *flags, listen="127.0.0.1:0", env=None, preexec=None):
        self.binary, self.data, self.flags, self.listen = Path(binary), Path(data), flags, listen
        self.env, self.preexec = clean_environment(env), preexec
        self.log = Path(f"{self.data}.log")
        self.process = None
        self.endpoint = None

    def start(self):
        """Starts the process and waits for the line that says it is ready."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve", "--listen", self.listen, "--data", str(self.data), *map(str, self.flags)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log,
                text=True, env=self.env, preexec_fn=self.preexec,
            )
        for line in self.process.stdout:
            if found := READY.match(line.strip()):
                self.endpoint = found[1]
                return self
        code = self.process.wait()
        raise AssertionError(f"the server ended ({code}) before it was ready:\n{self.log_tail()}")

    @property
    def port(self):
        return int(self.endpoint.rsplit(":", 1)[1])

    def admin_endpoint(self):
        """Where the operator's socket is, once the log says so."""
        found = re.search(r"metrics and health are answered here, too.*?address=(\S+)", self.log_tail(200))
        return found and f"http://{found[1]}"

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Asks it to end and returns its exit code; the code of one that had ended already, too."""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def kill(self):
        """Ends it as a power cut would."""
        if self.alive():
            self.process.kill()
        return self._reap()

    def _reap(self):
        try:
            code = self.process.wait(timeout=120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"the server did not end within 120 s of SIGTERM:\n{self.log_tail()}") from None
        self.process.stdout.close()
        return code

    def log_tail(self, lines=30):
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if not self.alive():
            if self.process is not None and not self.process.stdout.closed:
                self._reap()
            return
        code = self.stop()
        if kind is None:
            assert code == 0, f"the server ended with {code} after SIGTERM:\n{self.log_tail()}"
