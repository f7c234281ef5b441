"""Runs commands for the benchmark and says what they cost. A line of JSON comes in for each measurement, one goes out.

{"commands": [["ninja", "-j2"]], "cwd": "...", "output": "..."}, where the commands run one after the other, without a shell;
{"seconds": wall, "processor": user and system seconds, "megabytes": most resident at once, "status": 0},
and "fault" with a status of -1 where a command could not be started.

A process of its own, and a small one: how long a process takes to start depends on the size of the one that starts it, and the
system counts that size into what the new one had at most (so nothing seems to have less than this, some 10 MB).

What a command leaves behind comes to us, and counts too: the shell by which labmake starts recipes ends a moment after it.
"""
import ctypes, json, os, signal, sys, time

PR_SET_CHILD_SUBREAPER = 36
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

left_seconds = 1.0
"""What runs for longer is an engine that stays, and not of this measurement."""

writing = os.O_WRONLY | os.O_CREAT | os.O_APPEND


def left_behind():
    """Processor seconds of what the commands left behind, once it has ended."""
    processor = 0.0
    until = time.perf_counter() + left_seconds
    while time.perf_counter() < until:
        try:
            pid, _, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            break
        if pid == 0:
            time.sleep(0.01)
        else:
            processor += used.ru_utime + used.ru_stime
    return processor


def run(commands, cwd, output):
    os.chdir(cwd)
    for name in (output, output + ".errors"):
        open(name, "w").close()
    files = [
        (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, output, writing, 0o644),
        (os.POSIX_SPAWN_OPEN, 2, output + ".errors", writing, 0o644),
    ]
    processor, kilobytes, status = 0.0, 0, 0
    start = time.perf_counter()
    for command in commands:
        # Python itself does not want to hear of these; what it starts should.
        pid = os.posix_spawnp(command[0], command, os.environ, file_actions=files, setsigdef=[signal.SIGPIPE])
        _, ended, used = os.wait4(pid, 0)
        processor += used.ru_utime + used.ru_stime
        kilobytes = max(kilobytes, used.ru_maxrss)
        status = os.waitstatus_to_exitcode(ended)
        if status != 0:
            break
    seconds = time.perf_counter() - start
    processor += left_behind()
    return {"seconds": seconds, "processor": processor, "megabytes": kilobytes / 1000, "status": status}


for line in sys.stdin:
    try:
        answer = run(**json.loads(line))
    except OSError as error:
        answer = {"seconds": 0, "processor": 0, "megabytes": 0, "status": -1, "fault": str(error)}
    print(json.dumps(answer), flush=True)
