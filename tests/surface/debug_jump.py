"""The `jump` command with every logger at its most talkative, for whoever reads what it says."""

import functools
import logging

from jump import telemetry
from jump.cli.main import main

telemetry.configure = functools.partial(telemetry.configure, level=logging.DEBUG)  # type: ignore[assignment]
logging.getLogger().setLevel(logging.DEBUG)
logging.getLogger("asyncio").setLevel(logging.DEBUG)

if __name__ == "__main__":
    main()
