"""A real Chromium, driven over the WebDriver protocol with nothing but the standard library."""
import base64
import json
import os
import subprocess
import tempfile

from agentlib import free_port, http, need, wait_for


class Browser:
    def __init__(self, width=1280, height=1010):
        need("chromium", "chromedriver")
        self.directory = tempfile.TemporaryDirectory(prefix="tickbird_browser_")
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", "--port=%d" % self.port, "--silent"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self._driver_is_up, "chromedriver")
        # The background services of a browser would ask the internet.
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--user-data-dir=" + self.directory.name,
                 "--window-size=%d,%d" % (width, height)]
        options = {"goog:chromeOptions": {"args": flags, "binary": "/usr/bin/chromium"}, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]

    def _driver_is_up(self):
        try:
            return http("GET", "http://127.0.0.1:%d/status" % self.port).status == 200
        except OSError:
            return False

    def _call(self, method, path, body=None):
        answer = http(method, "http://127.0.0.1:%d%s" % (self.port, path), json.dumps(body).encode() if body is not None else None,
                      {"Content-Type": "application/json"}).json()["value"]
        if isinstance(answer, dict) and "error" in answer:
            raise AssertionError(answer)
        return answer

    def open(self, url):
        self._call("POST", "/session/%s/url" % self.session, {"url": url})

    def run(self, script):
        """The value of a piece of JavaScript with `return`."""
        return self._call("POST", "/session/%s/execute/sync" % self.session, {"script": script, "args": []})

    def text(self):
        return self.run("return document.body.innerText")

    def errors(self):
        """What the console holds at level SEVERE: script errors, refused resources, policy violations."""
        log = self._call("POST", "/session/%s/se/log" % self.session, {"type": "browser"})
        return [entry["message"] for entry in log if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        with open(path, "wb") as f:
            f.write(base64.b64decode(self._call("GET", "/session/%s/screenshot" % self.session)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", "/session/" + self.session)
        finally:
            self.driver.terminate()
            self.driver.wait()
            self.directory.cleanup()
