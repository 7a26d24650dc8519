# SPDX-License-Identifier: Apache-2.0
"""Compares the manual, the example configuration and the completion with the program: policy, keys, commands.

usage: documents_test.py policy POLICY_ROWS | keys | commands MUSTER | example MUSTER CONNECTORS
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONF_5 = ROOT / "packaging/man/muster.conf.5"
MUSTER_1 = ROOT / "packaging/man/muster.1"
EXAMPLE = ROOT / "packaging/muster.conf"
COMPLETION = ROOT / "packaging/completion/muster"

UNITS = {"": 1, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000,
         "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "L": 1}

problems = []


def expect(said, true, what):
    if said != true:
        problems.append(f"{what}: it says {said}, the program {true}")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def number(text):
    """A value with its unit as a number; a word as itself."""
    if not text[0].isdigit():
        return text
    digits, unit = re.fullmatch(r"(\d+) ?([A-Za-z]*)", text).groups()
    return int(digits) * UNITS[unit]


def section(page, name):
    """The text of one section of a page."""
    return re.search(rf"^\.Sh {name}\n(.*?)(?=^\.Sh |\Z)", page.read_text(), re.M | re.S).group(1)


def check_policy(rows_program):
    rows = {}
    for line in run(rows_program).splitlines():
        name, kind, *numbers = line.split()
        rows[name] = (kind, *map(number, numbers))
    manual = {}
    for name, kind, normal, least, most in re.findall(
            r"^\.It Sy (\w+) Pq (\w+) , (.+?) , (.+?) (?:to|or) (.+)$", section(CONF_5, "POLICY"), re.M):
        manual[name] = (kind, number(normal), number(least), number(most))
    expect(list(manual), list(rows), "muster.conf.5, the policy's keys")
    for name in rows.keys() & manual.keys():
        expect(manual[name], rows[name], f"muster.conf.5, {name} (type, default, least, most)")
    group = re.search(r"^//policy = \{\n(.*?)^//\};", EXAMPLE.read_text(), re.M | re.S).group(1)
    example = {name: number(value.strip('"'))
               for name, value in re.findall(r'^//  (\w+) = ("\w+"|\w+);', group, re.M)}
    expect(list(example), list(rows), "the example's policy, keys")
    for name in rows.keys() & example.keys():
        expect(example[name], rows[name][1], f"the example's policy, default of {name}")


def check_keys():
    """Names and `required` from the tables of host/config, which hold one key a line."""
    for source, table, name in (("settings.c", "keys", "TOP LEVEL"), ("connection.c", "keys", "CONNECTIONS")):
        text = (ROOT / "host/config" / source).read_text()
        body = re.search(rf"^static const struct reading_key {table}\[\] = \{{\n(.*?)^\}};", text, re.M | re.S).group(1)
        keys = re.findall(r'^    \{"(\w+)", \w+, [^,]+, (true|false)\},$', body, re.M)
        expect(len(keys), len(body.splitlines()), f"this test, keys read from {source}")
        manual = re.findall(r"^\.It Sy (\w+) Pq (.+)$", section(CONF_5, name), re.M)
        expect(sorted(key for key, _ in manual), sorted(key for key, _ in keys), f"muster.conf.5, keys of {name}")
        required = {key for key, kind in manual if kind.endswith(", required")}
        expect(required, {key for key, must in keys if must == "true"}, f"muster.conf.5, required keys of {name}")


def check_commands(muster):
    usage = dict(re.findall(r"^  ([a-z]+) +(.*)$", run(muster, "--help").split("exit status")[0], re.M))
    page = section(MUSTER_1, "COMMANDS")
    manual = {}
    for line in re.findall(r"^\.It Cm (.*)$", page, re.M):
        command = line.split()[0]
        manual[command] = manual.get(command, "") + " " + line.replace("Fl Fl ", "--")
    expect(sorted(manual), sorted(usage), "muster.1, commands")
    for command, line in usage.items():
        options = re.findall(r"--[a-z-]+", line)
        for option, values in re.findall(r"(--[a-z-]+) ([a-z]+(?:\|[a-z]+)+)", line):
            if f'{option}) _muster_offer "{values.replace("|", " ")}"' not in COMPLETION.read_text():
                problems.append(f"the completion: {option} takes {values}, which it does not offer")
            line = line.replace(values, "")
        verbs = re.findall(r"(?<![\w.-])[a-z]+(?![\w-])", line)
        offered = run("bash", "-uc", f". '{COMPLETION}'; _muster_words {command}").split()
        named = manual.get(command, "").split()
        for word in options + verbs:
            if word not in named:
                problems.append(f"muster.1: {command} has {word}, which it does not name")
            if word not in offered:
                problems.append(f"the completion: {command} has {word}, which it does not offer")
    commands = run("bash", "-uc", f". '{COMPLETION}'; echo $_muster_commands").split()
    expect(sorted(commands), sorted(usage), "the completion, commands")
    for kind in re.findall(r"^([a-z]+)", run(muster, "lint", "--kinds"), re.M):
        if kind not in run("bash", "-uc", f". '{COMPLETION}'; _muster_words export").split():
            problems.append(f"the completion: export has {kind}, which it does not offer")
        if not re.search(rf"\b{kind}\b", page):
            problems.append(f"muster.1: export has {kind}, which it does not name")


def check_example(muster, connectors):
    """As it is installed, and with everything switched on, the example is sound."""
    text = EXAMPLE.read_text()
    with tempfile.TemporaryDirectory() as folder:
        token = pathlib.Path(folder, "acme.token")
        token.touch(mode=0o600)
        token.write_text("secret\n")
        for version in (text, re.sub(r"^//", "", text, flags=re.M)):
            path = pathlib.Path(folder, "muster.conf")
            sound = version.replace("/usr/lib/muster/connectors", connectors)
            if sound == version or sound.startswith("//"):
                problems.append("the example does not name the directory of connectors any more")
            path.write_text(sound.replace("//connectors", "connectors"))
            done = subprocess.run([muster, "-c", path, "check"], capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": "C"}, check=False)
            if done.returncode != 0:
                problems.append(f"the example is refused: {done.stdout}{done.stderr}")


CHECKS = {"policy": check_policy, "keys": check_keys, "commands": check_commands, "example": check_example}
CHECKS[sys.argv[1]](*sys.argv[2:])
for problem in problems:
    print(problem)
sys.exit(1 if problems else 0)
