"""The stubs that a client of the predecessor holds, generated from this repository's copy of the contract."""

import pathlib
import sys
import tempfile

from grpc_tools import protoc

PROTO = pathlib.Path(__file__).parents[3] / "proto"


def generate(folder: str) -> None:
    files = [str(path.relative_to(PROTO)) for path in sorted(PROTO.glob("legacy/*/*.proto"))]
    status = protoc.main(
        ["protoc", f"-I{PROTO}", f"--python_out={folder}", f"--grpc_python_out={folder}", *files]
    )
    if status != 0:
        raise SystemExit(f"protoc ended with {status}")


_folder = tempfile.TemporaryDirectory(prefix="dbconn-stubs-")
generate(_folder.name)
sys.path.insert(0, _folder.name)

from legacy.database_service import database_service_pb2 as tasks  # noqa: E402
from legacy.database_service.database_service_pb2_grpc import DatabaseServiceStub  # noqa: E402
from legacy.mongo import mongo_pb2 as mongo  # noqa: E402
from legacy.redis import redis_pb2 as redis  # noqa: E402
from legacy.utils import utils_pb2 as utils  # noqa: E402

__all__ = ["DatabaseServiceStub", "mongo", "redis", "tasks", "utils"]
