"""Run a command of misstep in a child of ``tests/forked.py``: NAME ARGUMENTS.... Only what takes no time is imported here."""

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as channel:
    channel.connect(f"\0{sys.argv[1]}")
    asked = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    socket.send_fds(channel, [json.dumps(asked).encode()], [0, 1, 2])
    code = channel.recv(100)
sys.exit(int(code) if code else "the command died")
