"""One HTTPS exchange with a receiver: name, guard, socket, answer, through libcurl."""
