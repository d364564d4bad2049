"""Hosts on one machine: each a network namespace on one switch, with a name of its own, which Open MPI reaches through an agent
in the place of ssh.

    with Hosts(2) as hosts:
        hosts.run("run", suite, "--db", database)    # the real program, a rank on each
        hosts.cut(1)                                 # its network, not its processes
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from program import BINARY, ENVIRONMENT

# enters a host as ssh would log in to it; namespaces are named by process, so that two tests do not meet
AGENT = """#!/bin/sh
host=$1; shift
exec ip netns exec "$host" unshare --uts sh -c 'hostname "$0" && exec sh -c "$1"' "$host" "$*"
"""
# A connection whose other end is gone is noticed by probes alone; Open MPI's own first one comes after five minutes.
NOTICE_A_DEAD_NETWORK = {"oob_tcp_keepalive_time": 3, "oob_tcp_keepalive_intvl": 1, "oob_tcp_keepalive_probes": 3}
OPEN_MPI = {"pml": "ob1", "btl": "self,vader,tcp", "orte_keep_fqdn_hostnames": 1} | NOTICE_A_DEAD_NETWORK


class Refused(Exception):
    """This machine lets nobody make namespaces, or has no `ip`."""


class Hosts:
    def __init__(self, count: int, folder: Path) -> None:
        self.names = [f"host{number}-{os.getpid()}" for number in range(count)]
        self.switch = f"switch-{os.getpid()}"
        self.agent = folder / "agent.sh"
        self.agent.write_text(AGENT)
        self.agent.chmod(0o755)

    def __enter__(self) -> Hosts:
        if shutil.which("ip") is None:
            raise Refused("no program `ip` (package iproute2)")
        try:
            _ip("netns", "add", self.switch)
            _ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
            _ip("-n", self.switch, "link", "set", "bridge", "up")
            for number, name in enumerate(self.names):
                _ip("netns", "add", name)
                _ip("-n", name, "link", "add", "net", "type", "veth", "peer", "name", f"port{number}", "netns", self.switch)
                _ip("-n", self.switch, "link", "set", f"port{number}", "master", "bridge", "up")
                _ip("-n", name, "address", "add", f"10.77.0.{number + 1}/24", "dev", "net")
                self.mend(number)
            subprocess.run([self.agent, self.names[0], "true"], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            raise Refused(getattr(error, "stderr", "") or str(error)) from None
        return self

    def __exit__(self, *_: object) -> None:
        for name in (*self.names, self.switch):
            subprocess.run(f"ip netns pids {name} | xargs --no-run-if-empty kill -KILL; ip netns delete {name}", shell=True, capture_output=True)

    def start(self, *arguments: object, **options: object) -> subprocess.Popen:
        """With mpirun on the first host, whose rank is 0."""
        environment = {f"OMPI_MCA_{name}": str(value) for name, value in OPEN_MPI.items()} | {"OMPI_MCA_plm_rsh_agent": str(self.agent)}
        launch = ["mpirun", "--host", ",".join(self.names), "-n", str(len(self.names)), str(BINARY), *map(str, arguments)]
        entered = ["ip", "netns", "exec", self.names[0], "unshare", "--uts", "sh", "-c", 'hostname "$0" && exec "$@"', self.names[0], *launch]
        return subprocess.Popen(entered, env=ENVIRONMENT | environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)

    def run(self, *arguments: object) -> subprocess.CompletedProcess:
        process = self.start(*arguments)
        stdout, stderr = process.communicate(timeout=240)
        assert process.returncode == 0, stderr
        return subprocess.CompletedProcess(process.args, process.returncode, stdout, stderr)

    def cut(self, number: int) -> None:
        _ip("-n", self.names[number], "link", "set", "net", "down")

    def mend(self, number: int) -> None:
        for device in ("lo", "net"):
            _ip("-n", self.names[number], "link", "set", device, "up")

    def processes(self) -> list[int]:
        """That still run on any of the hosts."""
        return [int(pid) for name in self.names for pid in _ip("netns", "pids", name).split()]


def _ip(*arguments: str) -> str:
    return subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True).stdout
