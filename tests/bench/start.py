"""From exec to ready, with an empty data directory and with ten minutes of this host in the log."""
from benchlib import *


def until_ready(agent):
    started = time.monotonic()
    agent.start()
    return (time.monotonic() - started) * 1000


def main():
    rows = []
    times = []
    for _ in range(10):
        agent = Agent("rule_packs: [host]\n")
        times.append(until_ready(agent))
        agent.__exit__(None)
    rows.append(["tickbird, empty", "%.0f" % statistics.median(times), "%.0f" % max(times)])
    with tempfile.TemporaryDirectory() as directory:
        need("prometheus")
        times = []
        for i in range(5):
            open(os.path.join(directory, "p.yml"), "w").write("")
            port = free_port()
            started = time.monotonic()
            process = start_peer(["prometheus", "--config.file=p.yml", "--storage.tsdb.path=d%d" % i, "--web.listen-address=127.0.0.1:%d" % port],
                                 "http://127.0.0.1:%d/-/ready" % port, directory)
            times.append((time.monotonic() - started) * 1000)
            process.terminate()
            process.wait()
        rows.append(["prometheus, empty", "%.0f" % statistics.median(times), "%.0f" % max(times)])
    table("start to ready, milliseconds (asked every 10 ms)", ["what", "median", "max"], rows)
