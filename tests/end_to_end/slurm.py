"""Slurm on this machine: its real daemons as a cluster of one node with two cores, in a folder of their own and on ports of their own.

    with Cluster() as cluster:
        cluster.call("srun", "-n", "2", "--mpi=pmix", "hostname")
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from program import ENVIRONMENT

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "scontrol")
PATIENCE = 30  # seconds until the node is there
# A credential lives for `cred_expire` seconds, and a job that is queued again waits as long: two minutes by default.
CONFIGURATION = """ClusterName=one
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmctldPort={controller_port}
SlurmdPort={node_port}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=2
ReturnToService=2
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class Refused(Exception):
    """Slurm is not here, or this machine does not let it start."""


class Cluster:
    def __enter__(self) -> Cluster:
        if missing := [program for program in PROGRAMS if shutil.which(program) is None]:
            raise Refused(f"no {', '.join(missing)} (packages slurm-wlm and munge)")
        if os.getuid() != 0:
            raise Refused("its daemons must be root's to start jobs")
        self.folder = Path(tempfile.mkdtemp(prefix="diffbench_slurm"))
        self.folder.chmod(0o755)  # munge wants its socket reachable
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        (self.folder / "munge.key").write_bytes(secrets.token_bytes(1024))
        (self.folder / "munge.key").chmod(0o600)
        configuration = self.folder / "slurm.conf"
        configuration.write_text(CONFIGURATION.format(host=os.uname().nodename.partition(".")[0], folder=self.folder, controller_port=_free_port(), node_port=_free_port()))
        self.environment = ENVIRONMENT | {"SLURM_CONF": str(configuration)}
        munge = [f"--{name}={self.folder}/munge.{end}" for name, end in (("socket", "socket"), ("key-file", "key"), ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"))]
        self.daemons = [self._daemon("munged", "--foreground", "--force", *munge), self._daemon("slurmctld", "-D"), self._daemon("slurmd", "-D")]
        until = time.monotonic() + PATIENCE
        while "idle" not in self.call("sinfo", "--noheader").stdout:
            if time.monotonic() > until or any(daemon.poll() is not None for daemon in self.daemons[:1]):
                said = "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))
                self.__exit__()
                raise Refused(f"its node does not come up: {said[-2000:]}")
            self._start_again()
            time.sleep(0.2)
        return self

    def __exit__(self, *_: object) -> None:
        self.call("scancel", "--user=root")
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(timeout=10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def call(self, *command: object, timeout: float = 200, **options: object) -> subprocess.CompletedProcess:
        return subprocess.run([*map(str, command)], env=self.environment, capture_output=True, text=True, timeout=timeout, **options)

    def _daemon(self, *command: str) -> subprocess.Popen:
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def _start_again(self) -> None:
        """slurmctld and slurmd end where munge was not ready yet."""
        for place, name in enumerate(("slurmctld", "slurmd"), start=1):
            if self.daemons[place].poll() is not None:
                self.daemons[place] = self._daemon(name, "-D")


def _free_port() -> int:
    with socket.socket() as of:
        of.bind(("127.0.0.1", 0))
        return of.getsockname()[1]
