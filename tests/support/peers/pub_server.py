"""The original publisher's broadcasting side.

usage: pub_server.py URL    broadcasts on standard input, a line each
"""
import sys

import zmq

context = zmq.Context()
socket = context.socket(zmq.PUB)
socket.bind(sys.argv[1])
print("listening", flush=True)
for line in sys.stdin:
    socket.send_string(line.rstrip("\n"))
