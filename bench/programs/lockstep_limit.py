"""What protocol 1 costs with nothing but pyzmq: REQ and REP, a request after the answer to the one before.

usage: lockstep_limit.py REQUESTS

Prints one line of JSON: the seconds they took, and the processor seconds of both processes.
"""
import json, multiprocessing, socket, sys, time
import zmq

WARM_UP = 200
REQUEST = "a-token-for-tests|host-a|sshd|Ban|32.%d.%d.1"


def answer(url):
    replies = zmq.Context().socket(zmq.REP)
    replies.bind(url)
    while True:
        text = replies.recv_string()
        if text == "cpu":
            replies.send_string(str(time.process_time()))
        else:
            replies.send_string(text.split("|", 1)[1])


def ask(requests, text):
    requests.send_string(text)
    return requests.recv_string()


def main(count):
    with socket.socket() as port:
        port.bind(("127.0.0.1", 0))
        url = "tcp://127.0.0.1:%d" % port.getsockname()[1]
    server = multiprocessing.Process(target=answer, args=(url,), daemon=True)
    server.start()
    requests = zmq.Context().socket(zmq.REQ)
    requests.connect(url)
    for at in range(WARM_UP):
        ask(requests, REQUEST % (at >> 8 & 255, at & 255))
    cpu = time.process_time() + float(ask(requests, "cpu"))
    start = time.perf_counter()
    for at in range(count):
        ask(requests, REQUEST % (at >> 8 & 255, at & 255))
    seconds = time.perf_counter() - start
    cpu = time.process_time() + float(ask(requests, "cpu")) - cpu
    print(json.dumps({"seconds": seconds, "cpuSeconds": cpu}))
    server.terminate()
    server.join()


if __name__ == "__main__":
    main(int(sys.argv[1]))
