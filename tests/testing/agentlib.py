"""Starts a real Tickbird on free ports for a test, and the servers it talks to; ends them by their pid.

Nothing here sleeps for a guess: every wait has a condition and a bound.
"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
from http import server as http_server

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("TICKBIRD_BINARY", ROOT / "build/release/tickbird"))
NEVER = 60.0  # A bound for what must happen: generous, so that a slow machine is no failure.


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(condition, what, bound=NEVER):
    """The first true value of condition(), or a failure that says what did not happen."""
    end = time.monotonic() + bound
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("did not happen within %.0f s: %s" % (bound, what))
        threading.Event().wait(0.01)


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            raise unittest.SkipTest("%s is not installed; ./dev test --all installs it" % tool)


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)


def http(method, url, body=None, headers=None, timeout=NEVER):
    request = urllib.request.Request(url, method=method, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as r:
            return Response(r.status, r.headers, r.read())
    except urllib.error.HTTPError as e:
        return Response(e.code, e.headers, e.read())


class Agent:
    """One Tickbird process with a directory of its own. `config` is YAML without listen, storage and ingest."""

    def __init__(self, config="", rules=None, directory=None, env=None, statsd=True, ready="/-/ready"):
        self.directory = pathlib.Path(directory or tempfile.mkdtemp(prefix="tickbird_test_"))
        self.owns_directory = directory is None
        self.port = free_port()
        self.statsd_port = free_port(socket.SOCK_DGRAM)
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.log_path = self.directory / "log.txt"
        self.config_path = self.directory / "tickbird.yml"
        self.statsd = statsd
        self.ready = ready
        self.write_config(config)
        if rules is not None:
            self.write_rules(rules)

    def write_config(self, config):
        udp = "127.0.0.1:%d" % self.statsd_port if self.statsd else "false"
        head = "listen: 127.0.0.1:%d\ningest: { statsd: { udp: %s } }\n" % (self.port, udp)
        if "storage:" not in config:
            head += "storage: { path: data }\n"
        self.config_path.write_text(head + config)

    def write_rules(self, text, name="test.rules"):
        (self.directory / name).write_text(text)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def start(self, wait=True):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([str(BINARY), "run", "--config", str(self.config_path)], stdout=log, stderr=log, env=self.env)
        if wait:
            try:
                self.wait_ready()
            except BaseException:
                self.process.kill()
                self.process.wait()
                raise
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError("tickbird ended with %s:\n%s" % (self.process.returncode, self.log_text()))
            with contextlib.suppress(OSError):
                return http("GET", self.url + self.ready).status == 200
        wait_for(ready, "ready")

    def log_text(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def get(self, path, **headers):
        return http("GET", self.url + path, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def post(self, path, body=b"", **headers):
        return http("POST", self.url + path, body, headers)

    def query(self, expr):
        """The vector of an instant query as {labels-without-name: value}."""
        answer = self.get("/api/v1/query?" + urllib.parse.urlencode({"query": expr})).json()
        if answer["status"] != "success":
            raise AssertionError(answer)
        data = answer["data"]
        if data["resultType"] == "scalar":
            return float(data["result"][1])
        return {tuple(sorted((k, v) for k, v in e["metric"].items() if k != "__name__")): float(e["value"][1]) for e in data["result"]}

    def value(self, expr):
        """The only value of a query, or None."""
        result = self.query(expr)
        return result if isinstance(result, float) else next(iter(result.values()), None)

    def send_statsd(self, *lines):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto("\n".join(lines).encode(), ("127.0.0.1", self.statsd_port))

    def kill9(self):
        self.process.kill()
        self.process.wait()

    def stop(self, bound=NEVER):
        """SIGTERM and the exit code."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(bound) if self.process else None

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print("--- log of tickbird ---\n" + self.log_text()[-20000:])
        if self.owns_directory:
            shutil.rmtree(self.directory, ignore_errors=True)


class Webhook:
    """A real HTTP server that keeps every request and answers what `answer(body, headers)` says (default 200)."""

    def __init__(self, answer=None, port=0):
        self.requests = []
        self.lock = threading.Lock()
        outer = self

        class Handler(quiet_handler()):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, extra = 200, {}
                if answer:
                    result = answer(body, self.headers)
                    status, extra = result if isinstance(result, tuple) else (result, {})
                with outer.lock:
                    outer.requests.append((time.time(), dict((k.lower(), v) for k, v in self.headers.items()), body, status))
                self.send_response(status)
                for k, v in extra.items():
                    self.send_header(k, v)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = http_server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "http://127.0.0.1:%d/alerts" % self.port

    def bodies(self, status=200):
        with self.lock:
            return [json.loads(body) for _, _, body, answered in self.requests if answered == status]

    def keys(self, status=200):
        with self.lock:
            return [headers.get("webhook-id") for _, headers, _, answered in self.requests if answered == status]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def quiet_handler():
    class Quiet(http_server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass
    return Quiet


def self_signed_certificate(directory):
    """A certificate for 127.0.0.1 and localhost: (certificate file, key file)."""
    need("openssl")
    cert, key = str(pathlib.Path(directory) / "cert.pem"), str(pathlib.Path(directory) / "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True)
    return cert, key


class SmtpServer:
    """aiosmtpd with STARTTLS and AUTH. `reply(envelope)` may answer other than 250 or stall."""

    def __init__(self, directory, username="ops", password="s3cret", reply=None):
        try:
            from aiosmtpd.controller import Controller
            from aiosmtpd.smtp import AuthResult
        except ImportError:
            raise unittest.SkipTest("python3-aiosmtpd is not installed; ./dev test --all installs it")
        import ssl
        self.cert, key = self_signed_certificate(directory)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, key)
        self.mails = []
        outer = self

        class Handler:
            async def handle_DATA(self, server, session, envelope):
                answer = reply(envelope) if reply else "250 OK"
                if answer.startswith("250"):
                    outer.mails.append(envelope)
                return answer

        def authenticate(server, session, envelope, mechanism, data):
            ok = mechanism in ("LOGIN", "PLAIN") and data.login == username.encode() and data.password == password.encode()
            return AuthResult(success=ok, handled=ok)

        self.controller = Controller(Handler(), hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True,
                                     auth_required=True, authenticator=authenticate)
        self.controller.start()
        self.port = self.controller.port

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.controller.stop()
