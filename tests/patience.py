"""How long a test waits for what has to come, where no contract names a time.

Only a test that fails waits that long. It is less than is left of a lease when its owner dies
(20 s at least), so that what wrongly waits for one to lapse does not pass for prompt.
"""

PATIENCE = 18.0  # seconds
