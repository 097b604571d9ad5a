"""The original monitor: a new context and REQ socket for each message.

usage: req_client.py URL    requests on standard input, a line each; replies on standard output
"""
import sys

import zmq

for line in sys.stdin:
    context = zmq.Context()
    socket = context.socket(zmq.REQ)
    socket.connect(sys.argv[1])
    socket.send_string(line.rstrip("\n"))
    print(socket.recv_string(), flush=True)
    socket.close()
    context.term()
