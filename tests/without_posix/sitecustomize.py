"""First on the path, it takes from every Python process what Windows does not have."""

import os
import signal
import sys

for _name in ("fork", "nice", "getpgrp", "setpgid", "tcgetpgrp", "setsid", "getuid", "killpg"):
    if hasattr(os, _name):
        delattr(os, _name)
for _name in ("pthread_sigmask", "SIG_BLOCK", "SIG_SETMASK", "SIGHUP", "SIGUSR1", "SIGALRM"):
    if hasattr(signal, _name):
        delattr(signal, _name)
for _name in ("fcntl", "termios"):
    # An import of it fails from here on.
    sys.modules[_name] = None  # type: ignore[assignment]
