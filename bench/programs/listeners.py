"""Many cheap subscribers of the stream in one process: each has its own socket
and keys, and checks only sequence numbers, not changes. The changes of a
message are counted once for all subscribers. They never sync: a gap is counted,
and stays.

usage: listeners.py MEMBERSHIPS

MEMBERSHIPS is a file with a JSON array of memberships. Prints the state of all
subscribers five times a second as a line of JSON.
"""
import json
import select
import sys
import time

import zmq

TELL_EVERY_S = 0.2
EPOCH_BYTES = 16


def varint(body, at):
    value = shift = 0
    while body[at] >= 128:
        value |= (body[at] & 127) << shift
        shift += 7
        at += 1
    return value | body[at] << shift, at + 1


def name(body, at):
    place, at = varint(body, at)
    return at if place else at + 1 + body[at]


def count(body, at):
    """The number of changes from a position on."""
    changes = 0
    while at < len(body):
        form = body[at]
        at = name(body, name(body, at + 1))
        at += 1 + body[at] if form & 16 else 4
        _, at = varint(body, at)
        if form & 3 == 0 and not form & 8:
            _, at = varint(body, at)
        changes += 1
    return changes


class Crowd:
    def __init__(self, memberships):
        context = zmq.Context()
        context.max_sockets = len(memberships) + 10
        self.poll = select.epoll()
        self.sockets = {}
        self.heard = {}
        self.seqs = {}
        self.gaps = self.messages = 0
        for membership in memberships:
            socket = context.socket(zmq.SUB)
            socket.curve_publickey = membership["keys"]["publicKey"].encode()
            socket.curve_secretkey = membership["keys"]["secretKey"].encode()
            socket.curve_serverkey = membership["publisherKey"].encode()
            socket.rcvhwm = 0
            socket.linger = 0
            socket.subscribe(b"")
            socket.connect(membership["streamUrl"])
            self.sockets[socket.fd] = socket
            self.poll.register(socket.fd, select.EPOLLIN | select.EPOLLET)

    def run(self):
        tell = time.monotonic()
        for fd in self.sockets:
            self.drain(fd)
        while True:
            for fd, _ in self.poll.poll(TELL_EVERY_S):
                self.drain(fd)
            if time.monotonic() >= tell:
                tell = time.monotonic() + TELL_EVERY_S
                self.tell()

    def drain(self, fd):
        receive = self.sockets[fd].recv_multipart
        try:
            while True:
                kind, body = receive(zmq.NOBLOCK)
                self.messages += 1
                if kind == b"C":
                    self.changes(fd, body)
                elif kind == b"H":
                    self.beat(fd, json.loads(body)["seq"])
        except zmq.Again:
            pass

    def changes(self, fd, body):
        known = self.heard.get(body)
        if known is None:
            if len(self.heard) > 10_000:
                self.heard.clear()
            start, at = varint(body, EPOCH_BYTES)
            known = self.heard[body] = start, start + count(body, at)
        start, end = known
        if self.seqs.get(fd, start) != start:
            self.gaps += 1
        self.seqs[fd] = end

    def beat(self, fd, seq):
        if self.seqs.get(fd, seq) != seq:
            self.gaps += 1
        self.seqs[fd] = seq

    def tell(self):
        seqs = self.seqs.values()
        report = {
            "following": len(seqs),
            "minSeq": min(seqs, default=0),
            "gaps": self.gaps,
            "messages": self.messages,
        }
        print(json.dumps(report), flush=True)


with open(sys.argv[1]) as file:
    Crowd(json.load(file)).run()
