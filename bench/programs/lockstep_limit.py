"""A burst by protocol 1: as the original sends it, one request at a time, and with our programs.

usage: lockstep_limit.py limit EVENTS
       lockstep_limit.py ours EVENTS OCTET LOG PIPE

`limit` runs only both ends: it neither stores nor forwards anything. `ours` appends as many bans to LOG, the log of a
monitor, and counts the lines that a subscriber writes to PIPE. Addresses are random; ours begin with OCTET, which must
differ for each burst: an address of the previous burst in the same second would not be a new ban. Prints the duration
in seconds.
"""
import multiprocessing, os, random, select, sys, time

TIMEOUT_S = 60


def addresses(count, octet=11):
    return ["%d.%d.%d.%d" % (octet, number >> 16, number >> 8 & 255, number & 255) for number in random.sample(range(1 << 24), count)]


def answer(port, events):
    import zmq
    reply = zmq.Context().socket(zmq.REP)
    port.put(reply.bind_to_random_port("tcp://127.0.0.1"))
    for _ in range(events):
        reply.send(reply.recv().split(b"|", 1)[1])


def limit(events):
    import zmq
    port = multiprocessing.Queue()
    other = multiprocessing.Process(target=answer, args=(port, events))
    other.start()
    request = zmq.Context().socket(zmq.REQ)
    request.connect("tcp://127.0.0.1:%d" % port.get())
    messages = [("a-token|host-a|sshd|Ban|%s" % address).encode() for address in addresses(events)]
    start = time.perf_counter()
    for message in messages:
        request.send(message)
        request.recv()
    seconds = time.perf_counter() - start
    other.join()
    return seconds


def ours(events, octet, log, path):
    stamp = time.strftime("%Y-%m-%d %H:%M:%S,001")
    lines = "".join("%s fail2ban.actions        [9]: NOTICE  [sshd] Ban %s\n" % (stamp, each) for each in addresses(events, int(octet)))
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    heard, rest = 0, b""
    start = time.perf_counter()
    with open(log, "ab", buffering=0) as file:
        file.write(lines.encode())
    while heard < events:
        if not select.select([pipe], [], [], TIMEOUT_S)[0]:
            sys.exit("%d of %d arrived" % (heard, events))
        rest += os.read(pipe, 1 << 16)
        *whole, rest = rest.split(b"\n")
        heard += sum(b"|Ban|" in line for line in whole)
    return time.perf_counter() - start


events = int(sys.argv[2])
print(limit(events) if sys.argv[1] == "limit" else ours(events, *sys.argv[3:]))
