"""The original publisher's reply side: a REP that strips the token and echoes the request.

usage: rep_server.py URL [TOKEN]    requests on standard output, a line each
"""
import sys

import zmq

token = sys.argv[2] if len(sys.argv) > 2 else None
context = zmq.Context()
socket = context.socket(zmq.REP)
socket.bind(sys.argv[1])
print("listening", flush=True)
while True:
    message = socket.recv_string()
    fields = message.split("|")
    if token is not None and fields[0] != token:
        socket.send_string("NAK")
        print("NAK", flush=True)
        continue
    if token is not None:
        message = "|".join(fields[1:])
    socket.send_string(message)
    print(message, flush=True)
