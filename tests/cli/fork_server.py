"""Short commands without the time that LibTorch takes to load: fork_server.cpp, preloaded into `ate`, loads it once and
forks for each command. ctest gives the library as ATE_FORK_SERVER_LIBRARY; without it each command is started anew."""

import array
import atexit
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading

LIBRARY = os.environ.pop("ATE_FORK_SERVER_LIBRARY", None)
MOST = 60000  # bytes of arguments
READ_LATE = {"COLUMNS", "NO_COLOR", "TERM", "TMPDIR"}  # the variables that nothing reads while it is loaded

_lock = threading.Lock()
_server = None


class Server:
    def __init__(self, binary, environment):
        self.environment = environment
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen([binary], stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()],
                                            env={**environment, "LD_PRELOAD": LIBRARY,
                                                 "ATE_FORK_SERVER": str(theirs.fileno())})
        atexit.register(self.end)

    def end(self):
        self.socket.close()
        self.process.wait()

    def run(self, words, env, cwd, stdout, timeout):
        """As subprocess.run(words, stdout=stdout, stderr=PIPE): exit code, stdout or None, stderr."""
        changes = [f"{name}={value}" for name, value in env.items() if self.environment.get(name) != value]
        message = b"".join(os.fsencode(word) + b"\0" for word in [os.path.abspath(cwd or "."), *changes, "", *words])
        answer, theirs = os.pipe()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, open(answer, "rb", 0) as answer:
            target = out.fileno() if stdout == subprocess.PIPE else stdout if isinstance(stdout, int) else stdout.fileno()
            descriptors = array.array("i", [target, err.fileno(), theirs])
            self.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)])
            os.close(theirs)
            said = b""
            while said.count(b"\n") < 2:
                if not select.select([answer], [], [], timeout)[0]:
                    os.kill(int(said.split()[0]), signal.SIGKILL)
                    raise subprocess.TimeoutExpired(words, timeout)
                more = answer.read(64)
                if not more:
                    raise RuntimeError("the fork server has ended")
                said += more
            out.seek(0)
            err.seek(0)
            return (os.waitstatus_to_exitcode(int(said.split()[1])), out.read() if stdout == subprocess.PIPE else None,
                    err.read())


def usable(words, env, usual):
    """Whether this command may run so, in the environment `env`; the server has the usual one."""
    return (LIBRARY is not None and len(words) > 1 and set(usual) <= set(env)
            and all(usual.get(name) == env[name] or name in READ_LATE for name in env)
            and sum(len(os.fsencode(word)) + 1 for word in words) < MOST)


def run(words, usual, **options):
    global _server
    with _lock:
        if _server is None:
            _server = Server(words[0], usual)
    return _server.run(words, **options)
