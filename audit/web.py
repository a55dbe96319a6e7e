"""Scanners that ask the running portal: wapiti as a dentist and as staff, sqlmap for parameters."""

import csv
import json
import os
import re
import subprocess
import time
from pathlib import Path

from audit import asked, planted, tree
from audit.outcome import BASE_DIR, Finding, NotRun, Outcome, unaccepted
from audit.portal import DENTIST, STAFF, Portal

TOOLS = BASE_DIR / ".venv-audit" / "web" / "bin"
# Those that need nothing from outside. Left out: ssrf, xxe and others, which wait for a call from
# somebody in the internet; ssl, which is the proxy's; and lists of products that this is not.
WAPITI = "cookieflags,crlf,csp,csrf,exec,file,htaccess,http_headers,methods,permanentxss"
WAPITI += ",redirect,sql,upload,xss"
# So many times the usual time for all that would otherwise be left out.
PATIENCE = float(os.environ.get("PATIENCE", "1"))
CRAWL_SECONDS, ATTACK_SECONDS = 45 * PATIENCE, 12 * PATIENCE
# It ends once it has tried everything.
SQLMAP_SECONDS = {DENTIST: 1200 * PATIENCE, STAFF: 3000 * PATIENCE}
SIDE_BY_SIDE = 3
# By itself it stops after the first fault that it finds, and goes on to exploit it. Cookies are
# taken as they are by Django.
ANSWERS = "skip further tests=N,keep testing the others=Y,exploit this=N,URL encode cookie=N"
FALSE_ALARM = "false positive"  # sqlmap's own word for what it could not repeat
STARTED = re.compile(r"^\[(\d+)/(\d+)\] URL:", re.MULTILINE)


class Web:
    """The prepared portal and the one with planted faults, in a folder that is thrown away."""

    def __init__(self, folder, prepared):
        self.folder, self.prepared = Path(folder), prepared
        self.code = self.folder / "planted-code"
        tree.copy(self.code, {**planted.FILES, **planted.PAGES})
        tree.patch(self.code, planted.PATCHES)
        (self.code / "static" / "vendor").symlink_to(BASE_DIR / "static" / "vendor")

    def portal(self, name):
        return Portal(BASE_DIR, self.prepared, self.folder / name)

    def planted(self, name):
        return Portal(self.code, self.prepared, self.folder / f"{name}-planted")

    def wapiti(self, who):
        """All pages that somebody comes by, and in the planted portal the planted one."""
        name = f"wapiti-{who.split('@')[0]}"
        with self.portal(name).running() as portal:
            report = _wapiti(portal, who, "/", CRAWL_SECONDS, ATTACK_SECONDS)
            errors = portal.errors()
        with self.planted(name).running() as portal:
            found = _wapiti(portal, who, planted.XSS_PAGE, CRAWL_SECONDS, ATTACK_SECONDS)
        findings = [one for one in _faults(report) if not one.path.startswith("/static/")]
        findings += [Finding("answers 500", one, 0, more) for one, more in errors.items()]
        names = {(one.rule, one.path) for one in _faults(found)}
        missed = [str(one) for one in sorted(planted.WAPITI - names)]
        pages = report["infos"]["crawled_pages_nbr"]
        cut = [
            f"what {CRAWL_SECONDS:.0f} s did not suffice for, after {pages} pages, "
            f"and {ATTACK_SECONDS:.0f} s for each kind of attack",
            f"addresses with {', '.join(asked.ENDS)}: they end the session or take things away",
        ]
        return Outcome(unaccepted("wapiti", findings), missed, len(planted.WAPITI), cut)

    def sqlmap(self):
        """Every parameter of every address and form, as a dentist, and as staff in the admin."""
        findings, cut = [], []
        for who, below in ((DENTIST, _not_admin), (STAFF, _admin)):
            with self.portal(f"sqlmap-{who.split('@')[0]}").running() as portal:
                cookies = portal.signed_in(who)
                every = asked.everything(portal, who, cookies, below)
                wanted = [one for one in every if not one.ends_something]
                cut += [f"{one.method} {one.path}" for one in every if one.ends_something]
                found, missing = _sqlmap(portal, wanted, cookies, SQLMAP_SECONDS[who])
                portal.check(who, cookies)
                findings += found
                cut += missing
                errors = portal.errors()
                findings += [Finding("answers 500", one, 0, more) for one, more in errors.items()]
        with self.planted("sqlmap").running() as portal:
            cookies = {**portal.signed_in(DENTIST), **planted.COOKIE}
            found, _ = _sqlmap(portal, planted.SQL_REQUESTS, cookies, SQLMAP_SECONDS[DENTIST])
        names = {one.rule for one in found}
        missed = sorted(planted.SQLMAP - names)
        return Outcome(unaccepted("sqlmap", findings), missed, len(planted.SQLMAP), cut)


def _admin(path):
    return path.startswith("/admin/")


def _not_admin(path):
    return not _admin(path)


def _wapiti(portal, who, start, crawl, attack):
    """wapiti's report, as it writes it."""
    cookies = portal.signed_in(who)
    out = portal.folder / "wapiti.json"
    command = [TOOLS / "wapiti", "--url", portal.url + start, "--scope", "folder"]
    command += ["--module", WAPITI, "--cookie-value", _line(cookies)]
    command += ["--format", "json", "--output", out, "--no-bugreport", "--verbose", "0"]
    command += ["--max-scan-time", crawl, "--max-attack-time", attack, "--tasks", "4"]
    command += ["--max-files-per-dir", "30", "--max-links-per-page", "60", "--level", "1"]
    # What it would have the portal call; never somebody outside.
    command += ["--endpoint", portal.url, "--dns-endpoint", "127.0.0.1"]
    command += ["--store-session", portal.folder / "w", "--store-config", portal.folder / "c"]
    for word in asked.ENDS:
        command += ["--exclude", f"{portal.url}/*{word}*"]
    for name, value in portal.headers().items():
        command += ["--header", f"{name}: {value}"]
    modules = WAPITI.count(",") + 1
    ended = _finish(command, portal, crawl + modules * (attack + 5) + 60)
    portal.check(who, cookies)
    if not out.exists():
        said = (portal.folder / "tool.log").read_text().split("\n")
        raise NotRun(f"wapiti ended with {ended}, without a report: {' | '.join(said[-12:])}")
    return json.loads(out.read_text())


def _faults(report):
    kinds = {**report["vulnerabilities"], **report["anomalies"]}
    return [
        Finding(kind, one["path"], 0, f"{one['method']} {one.get('parameter')} {one['info']}")
        for kind, many in kinds.items()
        for one in many
    ]


def _sqlmap(portal, requests, cookies, seconds):
    """Findings, and what there was no time for."""
    parts = [(requests[start::SIDE_BY_SIDE], "") for start in range(SIDE_BY_SIDE)]
    # The cookies once: they are the same with all requests.
    parts.append((requests[:1], ",".join(cookies)))
    running = [
        _start_sqlmap(portal, number, part, cookies, only)
        for number, (part, only) in enumerate(parts)
    ]
    until = time.monotonic() + seconds
    cut = []
    for process, part, folder in running:
        try:
            process.wait(max(until - time.monotonic(), 1))
        except subprocess.TimeoutExpired:
            process.terminate()
            process.wait()
        done = [int(number) for number, _ in STARTED.findall((folder / "log").read_text())]
        if not done:
            raise NotRun(f"sqlmap tried nothing: {(folder / 'log').read_text()[-300:]}")
        reached = max(done) - (1 if process.returncode else 0)
        cut += [f"{one.method} {one.path} {' '.join(one.key[2])}" for one in part[reached:]]
    return [one for _, _, folder in running for one in _injectable(folder)], cut


def _start_sqlmap(portal, number, part, cookies, only):
    """The process, what it is to try, and its folder. `only` names cookies to try instead."""
    folder = portal.folder / f"sqlmap-{number}"
    folder.mkdir()
    log = folder / "requests"
    headers = portal.headers(cookies)
    log.write_text("".join(asked.as_text(one, portal.host, headers) for one in part))
    command = [TOOLS / "sqlmap", "-l", log, "--batch", "--disable-coloring", "--dbms", "SQLite"]
    # By what a page shows. What errors or unions could tell shows in this as well, at a third of
    # the requests; faults that show in time only would take hours to look for.
    command += ["--technique", "B", "--risk", "1", "--timeout", "10"]
    command += ["--retries", "0", "--ignore-code", "*", "--ignore-redirects"]
    command += ["--level", "2", "-p", only] if only else ["--level", "1", "--skip", asked.TOKEN]
    command += ["--answers", ANSWERS, "--output-dir", folder / "out"]
    command += ["--results-file", folder / "results.csv"]
    environment = {**os.environ, "HOME": str(folder)}
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    return process, part, folder


def _injectable(folder):
    results = folder / "results.csv"
    if not results.exists():
        return []
    with results.open() as lines:
        return [
            Finding(f"{one['Place']} {one['Parameter']}", one["Target URL"], 0, one["Technique(s)"])
            for one in csv.DictReader(lines)
            if one["Technique(s)"].strip() and FALSE_ALARM not in one["Note(s)"]
        ]


def _finish(command, portal, seconds):
    """The status with which a tool ended."""
    environment = {**os.environ, "HOME": str(portal.folder)}
    with (portal.folder / "tool.log").open("wb") as log:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=portal.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            timeout=seconds,
        )
    return done.returncode


def _line(cookies):
    return ";".join(f"{name}={value}" for name, value in cookies.items())
