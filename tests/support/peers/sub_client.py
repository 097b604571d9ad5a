"""The original subscriber.

usage: sub_client.py URL    broadcasts on standard output, a line each
"""
import sys

import zmq

context = zmq.Context()
socket = context.socket(zmq.SUB)
socket.setsockopt_string(zmq.SUBSCRIBE, "")
socket.connect(sys.argv[1])
print("listening", flush=True)
while True:
    print(socket.recv_string(), flush=True)
