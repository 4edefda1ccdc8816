"""Reads deliveries, a line for each, and says of each whether the sample takes it."""

import base64
import sys

from verify import is_from_jump

for line in sys.stdin:
    secret, header, body = line.rstrip("\n").split("\t")
    said = "yes" if is_from_jump(secret, header, base64.b64decode(body)) else "no"
    sys.stdout.write(f"{said}\n")
