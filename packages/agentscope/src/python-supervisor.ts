/**
 * The program that runs a Python script for us, started as `python -I -S -c <this> <directory> <home> <memory>
 * <file size> <script>`. It applies the limits and runs the script as `python -u <script>`, so that tracebacks and
 * `__main__` are those of a plain script. When the script ends, or stdin does because the caller stopped the run
 * or died, it kills every process the script has started; then it ends as the script did.
 */
export const PYTHON_SUPERVISOR = `
import os, resource, select, signal, sys

directory, home, memory, file_size, script = sys.argv[1:]

def limit(kind, value):
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    try:
        resource.setrlimit(kind, (value, value))
    except (OSError, ValueError):
        pass  # macOS cannot limit the address space

def kill_descendants():
    try:
        while True:
            with open("/proc/thread-self/children") as file:
                children = [int(pid) for pid in file.read().split()]
            if not children:
                return
            for pid in children:
                os.kill(pid, signal.SIGKILL)
            for pid in children:
                os.waitpid(pid, 0)
    except OSError:
        pass  # not Linux, or somebody else's process: the caller kills the group

# Linux: the orphans among the script's descendants become our children, even those with a session of their own.
try:
    import ctypes
    PR_SET_CHILD_SUBREAPER = 36
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
except (ImportError, AttributeError, OSError):
    pass

limit(resource.RLIMIT_CORE, 0)
wake, woken = os.pipe()
os.set_blocking(woken, False)
signal.set_wakeup_fd(woken)
signal.signal(signal.SIGCHLD, lambda *_: None)

main = os.fork()
if main == 0:
    limit(resource.RLIMIT_AS, int(memory))
    limit(resource.RLIMIT_FSIZE, int(file_size))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(directory)
    os.environ["HOME"] = home
    os.execv(sys.executable, [sys.executable, "-u", script])

status = None
while status is None:
    if 0 in select.select([0, wake], [], [])[0]:
        kill_descendants()
        os.killpg(0, signal.SIGKILL)
    os.read(wake, 512)
    ended = -1
    while ended != 0 and status is None:
        ended, ended_status = os.waitpid(-1, os.WNOHANG)
        if ended == main:
            status = ended_status

kill_descendants()
if os.WIFSIGNALED(status):
    ended_by = os.WTERMSIG(status)
    if ended_by != signal.SIGKILL:
        signal.signal(ended_by, signal.SIG_DFL)
    os.kill(os.getpid(), ended_by)
os._exit(os.WEXITSTATUS(status))
`;
