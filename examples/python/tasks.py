"""The service by grpcio. Before it: pip install -r examples/python/requirements.txt"""

import os
import sys
import tempfile
from pathlib import Path

import grpc
import grpc_tools
from grpc_tools import protoc

# The stubs, generated from the contract; in a project of yours that is a step of its build.
PROTO = Path(__file__).parents[2] / "proto"
stubs = tempfile.TemporaryDirectory()
files = [str(file) for file in (PROTO / "dbconn").rglob("*.proto")]
includes = [f"-I{PROTO}", f"-I{Path(grpc_tools.__file__).parent / '_proto'}"]
if protoc.main(["", *includes, f"--python_out={stubs.name}", f"--grpc_python_out={stubs.name}", *files]) != 0:
    sys.exit("the stubs could not be generated")
sys.path.insert(0, stubs.name)

from dbconn.v1 import cache_pb2, cache_pb2_grpc, task_pb2, task_pb2_grpc  # noqa: E402

address = os.environ.get("DBCONN_ADDRESS", "127.0.0.1:50050")
NAME = {"kind": "report", "task_id": "python"}

with grpc.insecure_channel(address) as channel:
    tasks = task_pb2_grpc.TaskServiceStub(channel)
    cache = cache_pb2_grpc.CacheServiceStub(channel)

    # request_id makes a repetition safe: sent twice, it is applied once.
    request = task_pb2.PutTaskRequest(**NAME, request_id="report-python-1")
    request.data.update({"rows": 10})
    print("made, revision", tasks.PutTask(request, timeout=10).task.revision)
    print("sent again, replayed", tasks.PutTask(request, timeout=10).replayed)

    watch = tasks.WatchTasks(task_pb2.WatchTasksRequest(**NAME))
    print(task_pb2.WatchEventType.Name(next(watch).type))
    done = task_pb2.UpdateTaskRequest(**NAME, state=task_pb2.TASK_STATE_COMPLETED)
    done.data.update({"done": 10})
    tasks.UpdateTask(done, timeout=10)
    for event in watch:
        if event.task.state == task_pb2.TASK_STATE_COMPLETED:
            print(dict(sorted(event.task.data.items())))
            break
    watch.cancel()

    try:
        tasks.UpdateTask(task_pb2.UpdateTaskRequest(**NAME, state=task_pb2.TASK_STATE_PROCESSING), timeout=10)
    except grpc.RpcError as error:
        print(error.code().name, error.details())

    cache.SetEntry(cache_pb2.SetEntryRequest(key="greeting", text="hello from Python"), timeout=10)
    print(cache.GetEntry(cache_pb2.GetEntryRequest(key="greeting"), timeout=10).entry.text)
