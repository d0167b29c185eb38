"""The process that keeps one embedded PostgreSQL server, for as long as somebody holds a connection to it.

`EmbeddedPostgres` runs this file by itself (`python -I -S keeper.py '{...}'`), so it knows nothing of Stoa and needs
the standard library only. It is the parent of the server, and listens on a socket of its own beside the server's:

- Whoever needs the server connects here and stays connected. The kernel closes that connection when its process ends,
  however it ends, kill -9 included. When the last one is gone, the server is shut down and the keeper leaves.
- When the server dies, it is started again. When the keeper dies, the kernel tells the server to shut down
  (PR_SET_PDEATHSIG, on Linux); elsewhere the next keeper does.
- `keeper.lock` is held while a keeper lives. `server.lock` is inherited by the server and by each of its processes, so
  having that lock proves that none of them is left, whatever pid a stale postmaster.pid names. No process is ever
  signalled because of a number in a file alone.

It says one JSON object a line: {"state": "starting" | "ready" | "failed" | "kept" | "stopped", "error": text}, and
understands the line `bye`: "I am leaving, tell me when the server has stopped, or that others keep it".
"""

import ctypes
import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG = 1
SHUTDOWN_S = 60.0  # for a fast shutdown with its checkpoint; then without one
LEFTOVER_S = 5.0  # for processes of a dead server to leave by themselves
MAX_RESTARTS, WITHIN_S = 5, 60.0
MAX_LOG_BYTES = 10 * 1024 * 1024


class Keeper:
    """One server in `data`, its clients, and what is to happen next."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.data = Path(config["data"])
        self.run = Path(config["run"])
        self.base = Path(config["base"])
        self.log = Path(config["log"])
        self.command: list[str] = config["command"]
        self.uid: int | None = config["uid"]
        self.gid: int | None = config["gid"]
        self.clients: dict[socket.socket, bytes] = {}
        self.server: subprocess.Popen[bytes] | None = None
        self.state = "starting"
        self.error = ""
        self.leaving = False
        self.deaths: list[float] = []
        self.log_offset = 0
        self.libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
        self.selector = selectors.DefaultSelector()

    def main(self) -> None:
        """Serve until the last client is gone or the server cannot be started."""
        lock = os.open(self.base / "keeper.lock", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)  # waits while an earlier keeper still shuts its server down
        os.ftruncate(lock, 0)
        os.write(lock, json.dumps({"pid": os.getpid(), "started": time.time()}).encode())
        wake = self.handle_signals()
        listener = self.listen()
        self.selector.register(wake, selectors.EVENT_READ, "signal")
        self.selector.register(listener, selectors.EVENT_READ, "listener")
        had_clients = time.monotonic() + 10  # whoever started this keeper has this long to connect
        try:
            self.launch()
            while not self.leaving:
                self.turn(wake, listener)
                if self.clients:
                    had_clients = 0.0
                elif time.monotonic() >= had_clients:
                    self.leaving = True
        finally:
            with suppress(OSError):
                (self.run / "keeper").unlink()
            listener.close()
            self.shut_down()
            if self.state != "failed":
                self.tell_all({"state": "stopped"})

    # --- clients

    def handle_signals(self) -> socket.socket:
        """Leave on SIGTERM, ignore what a terminal sends; answers the end that wakes the selector."""
        wake, write = socket.socketpair()
        wake.setblocking(False)
        write.setblocking(False)
        signal.set_wakeup_fd(write.detach())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)  # a Ctrl-C is for those who use the server, not for the server
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "leaving", True))
        return wake

    def listen(self) -> socket.socket:
        """The socket on which clients connect."""
        address = self.run / "keeper"
        with suppress(FileNotFoundError):
            address.unlink()
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(str(address))
        if self.uid is not None:
            os.chown(address, self.uid, -1)
        listener.listen(64)
        listener.setblocking(False)
        return listener

    def turn(self, wake: socket.socket, listener: socket.socket) -> None:
        """Wait for something to happen (at most a moment while the server starts), and deal with it."""
        waiting_s = 0.01 if self.state == "starting" else None if self.clients else 0.1
        for key, _ in self.selector.select(waiting_s):
            if key.data == "signal":
                with suppress(BlockingIOError):
                    wake.recv(512)
            elif key.data == "listener":
                with suppress(BlockingIOError):
                    self.welcome(listener.accept()[0])
            else:
                self.hear(key.data)
        if self.server is not None and self.server.poll() is not None:
            self.bury()
        elif self.state == "starting" and self.is_ready():
            self.state = "ready"
            self.tell_all({"state": "ready"})

    def welcome(self, client: socket.socket) -> None:
        """A new client: it hears at once how things stand."""
        client.setblocking(False)
        self.clients[client] = b""
        self.selector.register(client, selectors.EVENT_READ, client)
        self.tell(client, {"state": self.state, "error": self.error})
        self.leaving = self.leaving or self.state == "failed"

    def hear(self, client: socket.socket) -> None:
        """What a client says, or that it is gone."""
        try:
            heard = client.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            heard = b""
        if not heard:
            self.forget(client)
        elif b"bye" in heard:
            if len(self.clients) > 1:
                self.tell(client, {"state": "kept"})
                self.forget(client)
            else:
                self.leaving = True  # this one hears "stopped" at the end

    def forget(self, client: socket.socket) -> None:
        """Close the connection of a client that has left."""
        self.selector.unregister(client)
        self.clients.pop(client, None)
        client.close()

    def tell(self, client: socket.socket, message: dict[str, str]) -> None:
        """One line to one client; one that is gone is noticed elsewhere."""
        with suppress(OSError):
            client.send(json.dumps(message).encode() + b"\n")

    def tell_all(self, message: dict[str, str]) -> None:
        """One line to every client."""
        for client in self.clients:
            self.tell(client, message)

    # --- the server

    def launch(self) -> None:
        """Start the server, once no process of an earlier one is left."""
        lock = os.open(self.base / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self.take_server_lock(lock)
            # No process of a server of ours is left, so its pid file is stale; the pid in it may by now be anybody's.
            with suppress(FileNotFoundError):
                (self.data / "postmaster.pid").unlink()
            if self.log.exists() and self.log.stat().st_size > MAX_LOG_BYTES:
                self.log.replace(self.log.with_suffix(".log.1"))
            with self.log.open("ab") as log:
                self.log_offset = log.tell()
                self.state = "starting"
                self.server = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    env={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
                    user=self.uid,
                    group=self.gid,
                    extra_groups=None if self.uid is None else [],
                    pass_fds=[lock],
                    preexec_fn=self.tie_to_keeper,
                )
        except Exception as error:
            self.give_up(str(error))
        finally:
            os.close(lock)

    def tie_to_keeper(self) -> None:
        """In the server's process, before it becomes the server: let it end when the keeper does."""
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        if self.libc is not None:
            # After the change of user, which would undo it. SIGINT is PostgreSQL's fast shutdown.
            self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGINT, 0, 0, 0)

    def take_server_lock(self, lock: int) -> None:
        """Wait until no process of an earlier server is left, and help the last ones leave."""
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                pass
            waited_s = time.monotonic() - began
            if waited_s > SHUTDOWN_S + 2 * LEFTOVER_S:
                raise RuntimeError(f"processes of an earlier server still use {self.data}")
            if waited_s > LEFTOVER_S:
                number = signal.SIGINT if waited_s < SHUTDOWN_S else signal.SIGKILL
                for pid in self.server_pids():
                    with suppress(ProcessLookupError):
                        os.kill(pid, number)
                time.sleep(1)
            time.sleep(0.02)

    def server_pids(self) -> list[int]:
        """Processes that are known to be this server's: each has this data folder as its own folder or argument."""
        found = []
        if Path("/proc/self/cwd").exists():
            for entry in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):
                    same_folder = (entry / "cwd").readlink() == self.data
                    if same_folder and (entry / "exe").readlink().name.startswith("postgres"):
                        found.append(int(entry.name))
            return found
        listing = subprocess.run(["ps", "-axo", "pid=,command="], capture_output=True, text=True, check=False).stdout
        for line in listing.splitlines():
            pid, _, command = line.strip().partition(" ")
            if "postgres" in command and f"-D {self.data} " in command:
                found.append(int(pid))
        return found

    def is_ready(self) -> bool:
        """The server writes its state into the eighth line of its pid file; that is what pg_ctl waits for, too."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        mine = self.server is not None and lines[:1] == [str(self.server.pid)]
        return mine and len(lines) >= 8 and lines[7].strip() == "ready"

    def bury(self) -> None:
        """The server is gone though nobody asked it to: start it again, unless it keeps dying."""
        assert self.server is not None
        was_ready, code = self.state == "ready", self.server.returncode
        self.server = None
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if now - at < WITHIN_S] + [now]
        if not was_ready and len(self.deaths) == 1:
            self.deaths *= 2  # one more try is enough for a server that never came up
        if len(self.deaths) > (MAX_RESTARTS if was_ready else 2):
            self.give_up(f"the database server ended with {code}\n{self.log_tail()}")
            return
        self.tell_all({"state": "starting"})
        self.launch()

    def give_up(self, error: str) -> None:
        """The server cannot be started: say so and leave."""
        self.state, self.error = "failed", error
        self.tell_all({"state": "failed", "error": error})
        self.leaving = bool(self.clients)  # else wait for the one who started this keeper, and say it then

    def log_tail(self) -> str:
        """The last lines the server has written since it was started."""
        try:
            with self.log.open("rb") as log:
                log.seek(self.log_offset)
                lines = log.read(64 * 1024).decode("utf-8", "replace").splitlines()
        except OSError:
            return ""
        return "\n".join(lines[-6:])

    def shut_down(self) -> None:
        """End the server: a fast shutdown, then without a checkpoint, then without asking."""
        if self.server is None:
            return
        for number, patience_s in ((signal.SIGINT, SHUTDOWN_S), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            with suppress(ProcessLookupError):
                self.server.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                self.server.wait(patience_s)
                return


def run() -> NoReturn:
    """Serve in the background, as `sys.argv[1]` says."""
    config = json.loads(sys.argv[1])
    if os.fork() > 0:
        os._exit(0)  # whoever started this need not stay to be its parent
    os.setsid()
    os.set_inheritable(config["alive"], False)
    keeper = Keeper(config)
    keeper.main()
    sys.exit(1 if keeper.state == "failed" else 0)


if __name__ == "__main__":
    run()
