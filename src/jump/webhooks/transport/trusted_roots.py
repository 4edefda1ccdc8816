"""Which certificate authorities a receiver's certificate may come from, as one file for libcurl.

Checking a certificate against them is left to libcurl.
"""

import ssl
import tempfile
from pathlib import Path

# Where Debian, Red Hat, Alpine and macOS keep theirs; a Python that was not built for this system
# looks elsewhere.
_WELL_KNOWN = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class TrustedRoots:
    """The system's authorities, and those in `ca_file` as well; `path` is a PEM file of them all.

    Raises ValueError, in words for the operator, when `ca_file` holds no certificate or there is
    none at all. With `ca_file` the file is our own, and `discard` removes it.
    """

    def __init__(self, ca_file: str | None) -> None:
        system = _system_file()
        self._own: Path | None = None
        if ca_file is None:
            if system is None:
                raise ValueError(
                    "This system has no list of certificate authorities to check receivers "
                    "against: install its ca-certificates package, or name a file of them."
                )
            self.path = str(system)
            return
        extra = _read_certificates(Path(ca_file))
        # libcurl replaces its authorities by those of the file it is given, so that has both.
        known = system.read_bytes() if system is not None else b""
        with tempfile.NamedTemporaryFile(prefix="jump-roots-", suffix=".pem", delete=False) as own:
            own.write(known + b"\n" + extra)
        self._own = Path(own.name)
        self.path = own.name

    def discard(self) -> None:
        """Remove the file, if it is our own."""
        if self._own is not None:
            self._own.unlink(missing_ok=True)


def _system_file() -> Path | None:
    named = ssl.get_default_verify_paths().cafile
    candidates = [Path(name) for name in (named, *_WELL_KNOWN) if name]
    return next((path for path in candidates if path.is_file()), None)


def _read_certificates(path: Path) -> bytes:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        return path.read_bytes()
    except ssl.SSLError:
        why = "it holds no certificate in PEM"
    except OSError as problem:
        why = problem.strerror or "it cannot be opened"
    raise ValueError(f"The file of certificate authorities is of no use: {why}.")
