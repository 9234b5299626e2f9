"""What a server tells of itself, and how it ends and begins again."""

import signal
import time

from harness import (APPLIED, DELTA, DURABLE, ERROR, SENNITD, Client, Closed, Refused, Server, Socket, Typist, main, run,
                     until)

HISTOGRAMS = ("sennit_apply_seconds", "sennit_sync_seconds", "sennit_commit_seconds")
GAUGES = ("sennit_connections", "sennit_channels", "sennit_documents", "sennit_document_bytes", "sennit_queued_bytes",
          "sennit_undurable_records", "sennit_storage_healthy", "process_resident_memory_bytes",
          "process_start_time_seconds")
COUNTERS = ("sennit_operations_total", "sennit_merged_total", "sennit_deltas_received_total",
            "sennit_deltas_sent_total", "sennit_frames_received_total", "sennit_frames_sent_total",
            "sennit_received_bytes_total", "sennit_sent_bytes_total", "process_cpu_seconds_total")


def check_every_figure_is_there_and_moves(folder):
    with Server(folder, "--open", "--group-ms", "300") as server:
        before = server.metrics()
        for name in GAUGES + COUNTERS:
            assert name in before, name
        assert before["sennit_storage_healthy"] == 1 and before["sennit_connections"] == 0
        assert abs(before["process_start_time_seconds"] - time.time()) < 60
        typists = [Typist(server, "x") for _ in range(2)]
        typists[0].type("a")
        typists[0].wait(0)
        typists[1].lineage = typists[0].lineage
        for _ in range(50):  # neither sees what the other types
            typists[0].type("a")
            typists[1].type("b")
        typists[1].wait(0)
        assert server.metrics()["sennit_undurable_records"] > 0
        for typist in typists:
            typist.wait(DURABLE)
        after = server.metrics()
        assert (after["sennit_connections"], after["sennit_channels"], after["sennit_documents"]) == (2, 2, 1)
        assert after["sennit_operations_total"] == 101 and 0 < after["sennit_merged_total"] <= 101
        assert after["sennit_undurable_records"] == 0 and after["sennit_document_bytes"] > 0
        for name in COUNTERS:
            assert after[name] > before[name] or name == "process_cpu_seconds_total", name
        for name in HISTOGRAMS:
            count = after[name + "_count"]
            assert count > before[name + "_count"] and after[name + "_sum"] > 0, name
            assert after[name + '_bucket{le="+Inf"}'] == count, name
        assert after["sennit_commit_seconds_sum"] > 0.1, "commits are every 300 ms"
        requests = 'sennit_http_requests_total{status="2xx"}'
        assert after[requests] > before[requests]


def check_figures_are_as_prometheus_reads_them(folder):
    with Server(folder, "--open") as server:
        _, headers, text = server.get("/metrics")
        assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
        described = set()
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                described.add(line.split()[2])
            elif not line.startswith("#"):
                name = line.split("{")[0].split()[0]
                family = name.rsplit("_", 1)[0] if name.endswith(("_bucket", "_sum", "_count")) else name
                assert family in described or name in described, name
        for name in HISTOGRAMS:
            counts = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name + "_bucket")]
            assert len(counts) > 10 and counts == sorted(counts), name


def check_the_log_is_one_object_a_line_and_ascii(folder):
    with Server(folder, "--open", "--log-level", "debug") as server:
        for nasty in ('https://"quoted"\\', "https://\x1b[31m.example", "https://\xff\xfe"):
            try:
                Socket(server, Origin=nasty.encode("latin-1").decode("latin-1"))
            except (Refused, Closed):
                pass
        client = Client(server)
        assert client.hello('a"\n\x1b[2J{"event":"forged"}')[0] == ERROR
        client.close()
        until(lambda: server.log("closed"), "it is gone")
        for line in server.log():
            assert {"time", "level", "event"} <= set(line) and line["event"] != "forged", line
        assert len(server.log("refused")) >= 3
        raw = open(server.log_path, "rb").read()
        assert all(byte == 10 or 32 <= byte < 127 for byte in raw)


def check_levels_of_the_log(folder):
    with Server(folder, "--open", "--log-level", "warn") as server:
        client = Client(server)
        client.join("x")
        client.hello("not a name", channel=2)
        until(lambda: server.log("refused"), "it is refused")
        assert [line["event"] for line in server.log()] == ["refused"]
        client.close()
        assert server.stop() == 0


def check_what_follows_closely_goes_out_together(folder):
    with Server(folder, "--open", "--gather-ms", "500") as server:
        watcher, typist = Client(server), Typist(server, "x")
        watcher.join("x")
        typist.type("a")
        assert len(watcher.expect(DELTA)[3:]) == 1
        for letter in "bcd":
            typist.type(letter)
            typist.wait(APPLIED)
        first = len(watcher.expect(DELTA)[3:])  # what else is told the watcher may take some along
        assert first > 1 or len(watcher.expect(DELTA)[3:]) == 2
        time.sleep(1.7)  # until it has rested
        typist.type("e")
        typist.wait(APPLIED)
        typist.type("f")
        assert len(watcher.expect(DELTA)[3:]) == 1  # the first, at once; not both, later
        typist.close()
        watcher.close()


def now_ms():
    return time.time_ns() // 1000000


def check_after_a_silence_it_knows_what_time_it_is(folder):
    with Server(folder, "--open") as server:
        for document in ("x", "y", "z"):  # of which it looks at the clock by itself before one at most
            client = Client(server)
            time.sleep(0.4)
            before, told = now_ms(), client.join(document)[6]
            assert before <= told <= now_ms(), (before, told)
            client.close()


def check_it_takes_leave(folder):
    with Server(folder, "--open", "--group-ms", "1000") as server:
        typist, other = Typist(server, "x"), Client(server)
        other.join("y")
        typist.type("a")
        typist.wait(0)
        server.process.send_signal(signal.SIGTERM)
        for client in (typist, other):
            try:
                while True:
                    client.next()
            except Closed as e:
                assert e.args[0] == 1001, e
            client.close()
        assert server.process.wait(30) == 0
        assert server.log("stopping") and server.log()[-1]["event"] == "stopped"
    with Server(folder, "--open") as server:
        assert server.get("/docs/x")[2] == "a", "what was taken is written before the end"


def check_who_does_not_listen_is_not_waited_for_long(folder):
    with Server(folder, "--open") as server:
        deaf = Client(server)
        deaf.join("x")
        start = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - start < 30


def check_idle_documents_are_unloaded(folder):
    with Server(folder, "--open", "--unload-ms", "100") as server:
        typist = Typist(server, "x")
        typist.type("a")
        typist.wait(DURABLE)
        typist.close()
        until(lambda: server.metrics()["sennit_documents"] == 0, "it is unloaded")
        figures = server.metrics()
        assert figures["sennit_unloads_total"] == 1 and figures["sennit_document_bytes"] == 0
        assert server.get("/docs/x")[2] == "a"
        assert server.metrics()["sennit_loads_total"] == 2


def check_it_begins_again_where_it_ended(folder):
    incarnations = []
    for options in ((), (), ("--restored",)):
        with Server(folder, "--open", *options) as server:
            typist = Typist(server, "x")
            incarnations.append(incarnation(server))
            typist.type("a")
            typist.wait(DURABLE)
            typist.close()
            text = server.get("/docs/x")[2]
            assert text == "a" * len(incarnations), text
    assert incarnations[0] == incarnations[1] != incarnations[2], incarnations


def incarnation(server):
    client = Client(server)
    answer = client.join("x")
    client.close()
    return answer[9]


def check_one_database_has_one_server(folder):
    with Server(folder, "--open"):
        code, _, err = run(SENNITD, "--open", "--listen", "127.0.0.1:0", "--data", folder + "/data.sqlite")
        assert code == 1 and "another server has this file" in err, (code, err)


main(globals())
