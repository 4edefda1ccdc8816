"""`jump serve` as the demo's child: it ends, cleanly, when the demo does, however the demo ends.

Standard input is a pipe that the demo holds open; the kernel closes it even after a kill -9.
"""

import os
import signal
import sys
import threading

from jump.cli.running import serve


def end_with_parent() -> None:
    """Watch standard input in the background; its end is our SIGTERM."""

    def watch() -> None:
        while os.read(sys.stdin.fileno(), 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    end_with_parent()
    serve(args=(), prog_name="jump serve")
