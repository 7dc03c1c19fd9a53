"""Memory, CPU and binaries of a working, idle stack: this host sampled at 1 s, rules at 1 s, nothing firing."""
from benchlib import *


def measure(group, warm, seconds):
    wait = threading.Event().wait
    wait(warm)
    cpu = group.cpu_seconds()
    started = time.monotonic()
    wait(seconds)
    cores = (group.cpu_seconds() - cpu) / (time.monotonic() - started)
    return ["%.1f" % group.memory_mib("Pss"), "%.1f" % group.memory_mib("Rss"), "%.2f %%" % (cores * 100), "%.1f" % group.binary_mib()]


def main(warm=30, seconds=60):
    need("prometheus", "prometheus-alertmanager", "prometheus-node-exporter")
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        peer = prometheus_stack(directory, twenty_rules())
        try:
            with Agent("rule_packs: [host]\n") as agent:
                ours = Group("tickbird, host pack on", [agent.process], [BINARY])
                # Side by side: both warm up and are measured over the same minute.
                results = {}
                threads = [threading.Thread(target=lambda g=g: results.update({g.name: measure(g, warm, seconds)})) for g in (ours, peer)]
                for t in threads:
                    t.start()
                for t in threads:
                    t.join()
                series = int(agent.value("tickbird_tsdb_series"))
                rules = sum(len(g["rules"]) for g in agent.get("/api/v1/rules").json()["data"]["groups"])
                note = ["%d series, %d rules" % (series, rules), "~900 series, 20 rules"]
                results[ours.name][3] = "%.1f" % stripped_size_mib(BINARY)
                rows = [[g.name] + results[g.name] + [n] for g, n in zip((ours, peer), note)]
        finally:
            peer.stop()
    table("footprint: %d s after a warm-up of %d s" % (seconds, warm), ["stack", "PSS MiB", "RSS MiB", "CPU of one core", "binaries MiB, stripped", "does"], rows)
