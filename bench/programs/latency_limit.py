"""The latency of a ban with only inotify, pyzmq and SQLite, compared with ours.

Both sides do the same: a line is appended to a log, its reader sends it to a hub, and the hub writes it to disk before
it tells its listeners. This program drives both sides at the same rate, with random addresses.

usage: latency_limit.py limit EVENTS PER_SECOND FOLDER
       latency_limit.py ours EVENTS PER_SECOND LOG PIPE PID...

`limit` starts its own reader and hub, which store their data in FOLDER. `ours` appends to LOG, the log of a monitor,
and waits for the address in PIPE, where a subscriber writes its actions; PIDs are those of the programs. Prints one
line of JSON: the time of each event in milliseconds, and the CPU time of each process per event in microseconds.
"""
import ctypes, glob, json, multiprocessing, os, random, select, socket, sqlite3, sys, time

TIMEOUT_S = 5
SETTLED_S = 1.5


def reader(log, url):
    import zmq
    libc = ctypes.CDLL("libc.so.6", use_errno=True)
    queue = libc.inotify_init1(0)
    libc.inotify_add_watch(queue, log.encode(), 2)  # IN_MODIFY
    dealer = zmq.Context().socket(zmq.DEALER)
    dealer.connect(url)
    lines = open(log, "rb")
    while True:
        os.read(queue, 4096)
        for line in lines:
            dealer.send(line)
        while dealer.poll(0):
            dealer.recv()


def hub(url, stream, path):
    import zmq
    context = zmq.Context()
    router, publisher = context.socket(zmq.ROUTER), context.socket(zmq.PUB)
    router.bind(url)
    publisher.bind(stream)
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("CREATE TABLE t(seq INTEGER PRIMARY KEY, line TEXT)")
    while True:
        who, line = router.recv_multipart()
        store.execute("INSERT INTO t(line) VALUES(?)", (line.decode(),))
        publisher.send(line)
        router.send_multipart([who, b"ok"])


def processor_us(pid):
    """CPU time of all threads of a process, in microseconds."""
    total = 0
    for path in glob.glob("/proc/%d/task/*/schedstat" % pid):
        try:
            with open(path) as file:
                total += int(file.read().split()[0])
        except OSError:
            pass  # the thread has ended
    return total / 1000


def drive(log, heard, events, per_second, pids):
    """Appends lines, and waits for each with `heard(address)`."""
    before = [processor_us(pid) for pid in pids]
    took = []
    with open(log, "ab", buffering=0) as file:
        for _ in range(events):
            address = "11.%d.%d.%d" % tuple(random.randrange(256) for _ in range(3))
            stamp = time.strftime("%Y-%m-%d %H:%M:%S,001")
            line = "%s fail2ban.actions        [9]: NOTICE  [sshd] Ban %s\n" % (stamp, address)
            start = time.perf_counter()
            file.write(line.encode())
            if heard(address):
                took.append((time.perf_counter() - start) * 1000)
            time.sleep(1 / per_second)
    used = [(processor_us(pid) - was) / events for pid, was in zip(pids, before)]
    print(json.dumps({"tookMs": took, "cpuUs": used}))


def free_url():
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        return "tcp://127.0.0.1:%d" % port.getsockname()[1]


def limit(events, per_second, folder):
    import zmq
    log, url, stream = folder + "/log", free_url(), free_url()
    open(log, "w").close()
    programs = [
        multiprocessing.Process(target=reader, args=(log, url), daemon=True),
        multiprocessing.Process(target=hub, args=(url, stream, folder + "/db"), daemon=True),
    ]
    for program in programs:
        program.start()
    subscriber = zmq.Context().socket(zmq.SUB)
    subscriber.setsockopt(zmq.SUBSCRIBE, b"")
    subscriber.connect(stream)
    time.sleep(SETTLED_S)

    def heard(address):
        while subscriber.poll(TIMEOUT_S * 1000):
            if subscriber.recv().endswith((" %s\n" % address).encode()):
                return True
        return False

    drive(log, heard, events, per_second, [os.getpid()] + [program.pid for program in programs])
    for program in programs:
        program.terminate()
        program.join()


def ours(events, per_second, log, path, pids):
    pipe = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    rest = b""

    def heard(address):
        nonlocal rest
        wanted = ("|Ban|%s\n" % address).encode()
        while wanted not in rest:
            if not select.select([pipe], [], [], TIMEOUT_S)[0]:
                return False
            part = os.read(pipe, 65536)
            if not part:
                sys.exit("the pipe has no writer any more")
            rest += part
        rest = b""
        return True

    drive(log, heard, events, per_second, [int(pid) for pid in pids])


mode, events, per_second = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
if mode == "limit":
    limit(events, per_second, sys.argv[4])
else:
    ours(events, per_second, sys.argv[4], sys.argv[5], sys.argv[6:])
