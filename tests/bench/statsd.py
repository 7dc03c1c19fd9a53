"""StatsD lines over UDP: what arrives and what a million lines cost the agent."""
from benchlib import *


def send(port, lines_per_datagram, rate, seconds):
    """Sends mixed lines at a rate; returns how many counters' increments were sent."""
    names = ["bench_%d:1|c" % i for i in range(100)] + ["bench_gauge_%d:%d|g" % (i, i) for i in range(100)] + ["bench_timer_%d:320|ms" % i for i in range(100)]
    datagrams, counted = [], []
    for start in range(0, len(names), lines_per_datagram):
        chunk = names[start:start + lines_per_datagram]
        datagrams.append("\n".join(chunk).encode())
        counted.append(sum(line.endswith("|c") for line in chunk))
    counters = sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.connect(("127.0.0.1", port))
        started = time.monotonic()
        total = int(rate * seconds / lines_per_datagram)
        for i in range(total):
            s.send(datagrams[i % len(datagrams)])
            counters += counted[i % len(datagrams)]
            sent += 1
            if sent % 64 == 0:
                ahead = sent * lines_per_datagram / rate - (time.monotonic() - started)
                if ahead > 0.001:
                    threading.Event().wait(ahead)
        return counters, sent * lines_per_datagram, sent * lines_per_datagram / (time.monotonic() - started)


def main():
    rows = []
    for lines, rate in ((20, 500_000), (20, 2_000_000), (1, 50_000), (1, 200_000)):
        with Agent("rule_packs: []\n") as agent:
            group = Group("tickbird", [agent.process], [BINARY])
            idle = group.cpu_seconds()
            threading.Event().wait(6)
            idle = group.cpu_seconds() - idle
            before = group.cpu_seconds()
            counters, sent, reached = send(agent.statsd_port, lines, rate, 6)
            # The last flush; what has not arrived by then is lost.
            threading.Event().wait(1.5)
            used = group.cpu_seconds() - before - idle
            got = agent.value('sum({__name__=~"bench_[0-9]+_total"})') or 0
            rows.append([lines, "%.0f k" % (reached / 1000), "%.2f %%" % (100 * got / counters), "%.2f" % (used / sent * 1e6), "%.1f" % group.peak_rss_mib()])
    table("statsd: 6 s of mixed counters, gauges and timers, 300 names", ["lines a datagram", "lines/s sent", "received", "CPU s per million lines", "peak RSS MiB"], rows)
