"""A service that holds the predecessor's stubs: it changed an address and nothing else.

Usage: client.py HOST:PORT SCENARIO. Ends with 0 when every promise of the scenario was kept.
"""

import concurrent.futures
import contextlib
import sys

import grpc

from stubs import DatabaseServiceStub, mongo, redis, tasks, utils

DEADLINE_SECONDS = 20
KNOWN_STATUSES = [
    "accepted",
    "completed",
    "success",
    "published",
    "error",
    "warning",
    "failed-validation",
    "failed-saving-schema",
    "received-sample-validation",
    "processing-file",
    "validating-file",
    "received-schema-update",
    "received-removing-schema",
    "creating-schema",
    "schema-created",
    "saving-schema",
    "removing-schema",
    "a text that nobody knows",
]
DISTINCT_STATUSES = ["accepted", "processing-file", "success", "completed", "published", "error", "unknown"]
MERGES = 200


class Client:
    """Calls by method and fields; remembers which methods were answered."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address)
        self.stub = DatabaseServiceStub(self.channel)
        self.answered = set()

    def call(self, method, **fields):
        package = redis if method.startswith("Redis") else mongo if method.startswith("Mongo") else tasks
        request = getattr(package, f"{method}Request")(**fields)
        answer = getattr(self.stub, method)(request, timeout=DEADLINE_SECONDS)
        self.answered.add(method)
        return answer

    def set(self, task_id, status="accepted", code=202, message="", task="import", **data):
        value = utils.ApiResponse(status=status, code=code, message=message, data=data)
        return self.call("SetTaskId", task_id=task_id, task=task, value=value)

    def get(self, task_id, task="import"):
        return self.call("GetTaskId", task_id=task_id, task=task)

    def update(self, task_id, field="status", value="processing-file", task="import", **fields):
        return self.call("UpdateTaskId", task_id=task_id, task=task, field=field, value=value, **fields)

    def by_import_name(self, import_name, task="import"):
        return self.call("GetTasksByImportName", import_name=import_name, task=task).tasks

    def find(self, import_name):
        return self.call("MongoFindJsonSchema", import_name=import_name)

    def raw(self, import_name):
        return self.call("MongoGetRawSchemas", import_name=import_name)

    def insert(self, import_name, schema, created_at="2024-01-01T00:00:00", releases=()):
        return self.call(
            "MongoInsertOneSchema",
            import_name=import_name,
            active_schema=schema,
            created_at=created_at,
            schemas_releases=releases,
        )

    def revise(self, import_name, schema, created_at="2024-01-02T00:00:00"):
        return self.call(
            "MongoUpdateOneJsonSchema", import_name=import_name, schema=schema, created_at=created_at
        )


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


@contextlib.contextmanager
def fails_with(code):
    try:
        yield
    except grpc.RpcError as error:
        same(error.code(), code)
    else:
        raise AssertionError(f"the call was answered, expected {code}")


def schema_of(**properties):
    return utils.JsonSchema(
        schema="http://json-schema.org/draft-07/schema#",
        type="object",
        required=sorted(properties),
        properties=properties,
    )


def text(**extra):
    return utils.Properties(type=utils.STRING, extra=extra)


A = schema_of(name=text(minLength="1"))
B = schema_of(
    zip=text(default="00501", pattern="^[0-9]+$"),
    age=utils.Properties(type=utils.INTEGER, extra={"minimum": "10", "maximum": "1.0e2"}),
    rate=utils.Properties(type=utils.NUMBER, extra={"multipleOf": "0.5"}),
    ok=utils.Properties(type=utils.BOOLEAN, extra={"default": "true", "readOnly": "True"}),
)
C = schema_of(name=text(enum="['a', 'b']", unit="10"))


def task_methods(client):
    answer = client.set("t1", "accepted", 202, "queued", import_name="sales", rows="10")
    assert answer.success and answer.message
    found = client.get("t1")
    assert found.found
    same((found.value.status, found.value.code, found.value.message), ("accepted", 202, "queued"))
    same(dict(found.value.data), {"import_name": "sales", "rows": "10"})

    assert client.update("t1", "status", "completed").success
    assert client.update("t1", "code", "200").success
    assert client.update("t1", "message", "done").success
    assert client.update("t1", "status", "processing-file", message="again", data={"more": "1"}).success
    value = client.get("t1").value
    same((value.status, value.code, value.message), ("processing-file", 200, "again"))
    same(dict(value.data), {"import_name": "sales", "rows": "10", "more": "1"})

    assert client.update("t1", "status", "error", message="", data={"why": "x"}, reset_data=True).success
    value = client.get("t1").value
    same((value.status, value.message, dict(value.data)), ("error", "again", {"why": "x"}))
    assert client.update("t1", "code", "-7", reset_data=True).success
    value = client.get("t1").value
    same((value.code, dict(value.data)), (-7, {}))

    for field, value in [("data", "x"), ("", "x"), ("code", "many"), ("code", "9999999999"), ("code", "")]:
        refused = client.update("t1", field, value)
        assert not refused.success and refused.message, (field, value)
    assert all(word in client.update("t1", "data", "x").message for word in ("status", "code", "message"))

    client.set("t2", import_name="sales")
    client.set("t3")
    client.set("t4", task="other", import_name="sales")
    same(len(client.by_import_name("sales")), 2)
    same(len(client.by_import_name("default")), 1)
    same(len(client.by_import_name("sales", task="other")), 1)
    same(len(client.by_import_name("nothing")), 0)

    assert client.call("RemoveTaskId", task_id="t1", task="import").success
    assert not client.get("t1").found
    same(len(client.by_import_name("sales")), 1)
    again = client.call("RemoveTaskId", task_id="t1", task="import")
    assert not again.success and again.message
    assert client.set("t1", "completed").success
    same(client.get("t1").value.status, "completed")


def statuses(client):
    for status in KNOWN_STATUSES:
        assert client.set(f"set-{status}", status, 1).success
        same(client.get(f"set-{status}").value.status, status)
    assert client.set("walk", "accepted").success
    # Any may follow any, as it could before; one for each state and lifetime stands for the others.
    for before in DISTINCT_STATUSES:
        for after in DISTINCT_STATUSES:
            assert client.update("walk", "status", before).success, before
            assert client.update("walk", "status", after).success, (before, after)
            same(client.get("walk").value.status, after)


def unknown_and_bad_ids(client):
    missing = client.get("never-was")
    assert not missing.found and not missing.HasField("value")
    refused = client.update("never-was", data={"half": "a task"})
    assert not refused.success and refused.message
    assert not client.get("never-was").found
    same(len(client.by_import_name("never-was")), 0)
    assert not client.call("RemoveTaskId", task_id="never-was", task="import").success

    for task_id, task in [("", "import"), ("x", "")]:
        assert not client.set(task_id, task=task).success
        assert not client.update(task_id, task=task).success
        assert not client.call("RemoveTaskId", task_id=task_id, task=task).success
        assert not client.get(task_id, task=task).found
    nothing = client.call("SetTaskId", task_id="x", task="import")
    assert not nothing.success and "value" in nothing.message
    too_long = client.set("x" * 129)
    assert not too_long.success and "128" in too_long.message
    with fails_with(grpc.StatusCode.INVALID_ARGUMENT):
        client.get("x" * 129)

    odd = ["a b", "a%20b", "50%", "año/2024", "_private", ".", "x%._private", "{t}:task:1", "日本語", "\t"]
    for name in odd:
        assert client.set(name, task=name, message=name, import_name=name).success, name
    for name in odd:
        value = client.get(name, task=name).value
        same((value.message, value.data["import_name"]), (name, name))
        (listed,) = client.by_import_name(name, task=name)
        same(listed.message, name)
        assert client.update(name, "message", "seen", task=name).success
        assert client.call("RemoveTaskId", task_id=name, task=name).success


def concurrent_merges(client):
    """The predecessor lost 24 to 160 of these and answered success to all."""
    assert client.set("merged", import_name="sales").success
    with concurrent.futures.ThreadPoolExecutor(max_workers=32) as pool:
        answers = list(
            pool.map(
                lambda i: client.update("merged", "status", "processing-file", data={f"k{i}": str(i)}),
                range(MERGES),
            )
        )
    same(sum(answer.success for answer in answers), MERGES)
    expected = {f"k{i}": str(i) for i in range(MERGES)} | {"import_name": "sales"}
    same(dict(client.get("merged").value.data), expected)


def schema_methods(client):
    before = client.call("MongoCountAllDocuments").amount
    same(client.find("people").status, "not_found")
    with fails_with(grpc.StatusCode.NOT_FOUND):
        client.raw("people")
    same(client.revise("people", A).status, "error")
    same(client.call("MongoCountAllDocuments").amount, before)

    inserted = client.insert("people", A, "monday")
    same(inserted.status, "inserted")
    same(client.call("MongoCountAllDocuments").amount, before + 1)
    same(client.insert("people", A, "tuesday").status, "no_change")
    same(client.revise("people", A, "tuesday").status, "no_change")
    same(client.revise("people", B, "2024-02-30 maybe").status, "updated")
    same(client.insert("people", C, "").status, "updated")
    found = client.find("people")
    same((found.status, found.schema), ("found", C))

    raw = client.raw("people")
    same((raw.import_name, raw.active_schema, raw.created_at), ("people", C, ""))
    same([r.schema for r in raw.schemas_releases], [A, B])
    same([r.created_at for r in raw.schemas_releases], ["monday", "2024-02-30 maybe"])
    same(raw.id, inserted.result["inserted_id"])
    assert raw.id and client.raw("people").id == raw.id

    # Deleting the active release brings back the one before, with its time.
    for active, created_at, left in [(B, "2024-02-30 maybe", [A]), (A, "monday", [])]:
        reverted = client.call("MongoDeleteOneJsonSchema", import_name="people")
        same((reverted.success, reverted.status), (True, "reverted"))
        raw = client.raw("people")
        same((raw.active_schema, raw.created_at), (active, created_at))
        same([r.schema for r in raw.schemas_releases], left)
    deleted = client.call("MongoDeleteOneJsonSchema", import_name="people")
    same((deleted.success, deleted.status), (True, "deleted"))
    same(client.find("people").status, "not_found")
    nothing = client.call("MongoDeleteOneJsonSchema", import_name="people")
    same((nothing.success, nothing.status, bool(nothing.message)), (False, "error", True))

    same(client.insert("people", B).status, "inserted")
    same(client.revise("people", C).status, "updated")
    gone = client.call("MongoDeleteImportName", import_name="people")
    same((gone.success, gone.status), (True, "deleted"))
    same(client.find("people").status, "not_found")
    same(client.revise("people", A).status, "error")
    again = client.call("MongoDeleteImportName", import_name="people")
    same((again.success, again.status, bool(again.message)), (False, "error", True))
    same(client.call("MongoCountAllDocuments").amount, before)
    # It begins anew: what was deleted does not come back as a release.
    same(client.insert("people", A, "friday", releases=[C, B]).status, "inserted")
    raw = client.raw("people")
    same((raw.active_schema, raw.created_at), (A, "friday"))
    same([r.schema for r in raw.schemas_releases], [C, B])

    refused = client.call("MongoInsertOneSchema", import_name="people")
    same((refused.status, "active_schema" in refused.result["message"]), ("error", True))
    same(client.insert("", A).status, "error")
    odd = "año 2024/%20.csv"
    same(client.insert(odd, A).status, "inserted")
    same((client.raw(odd).import_name, client.find(odd).status), (odd, "found"))


def cache_methods(client):
    def set(key, value, **fields):
        assert client.call("RedisSet", key=key, value=value, **fields).success

    def get(key):
        answer = client.call("RedisGet", key=key)
        same(answer.found, answer.HasField("value"))
        return answer.value if answer.found else None

    def keys(pattern):
        return sorted(client.call("RedisGetKeys", pattern=pattern).keys)

    assert client.call("RedisPing").pong and client.call("MongoPing").pong
    assert client.call("RedisClearCache").success
    client.set("beside-the-cache", import_name="beside")
    entries = {"a:1": "one", "a:2": "", "b[1]": "três", "c*": "star", "año": "ñ"}
    for key, value in entries.items():
        set(key, value, expiration=60)
    for expiration in [0, -1]:
        set("default", "thirty minutes", expiration=expiration)
    set("default", "thirty minutes")
    entries["default"] = "thirty minutes"
    for key, value in entries.items():
        same(get(key), value)
    same(get("never"), None)
    same(get(""), None)
    same(dict(client.call("RedisGetCache").cache), entries)
    same(keys("*"), sorted(entries))
    same(keys("a:*"), ["a:1", "a:2"])
    same(keys("a:[2-9]"), ["a:2"])
    same(keys("a:[^2-9]"), ["a:1"])
    same(keys("b\\[?\\]"), ["b[1]"])
    same(keys("c\\*"), ["c*"])
    same(keys("a?o"), ["año"])
    same(keys("nothing"), [])
    same(client.call("RedisDelete", keys=["a:1", "a:2", "never", ""]).count, 2)
    same(client.call("RedisDelete", keys=[]).count, 0)
    same(get("a:1"), None)
    with fails_with(grpc.StatusCode.INVALID_ARGUMENT):
        client.call("RedisSet", key="", value="x")

    assert client.call("RedisClearCache").success
    same(dict(client.call("RedisGetCache").cache), {})
    assert client.get("beside-the-cache").found
    same(len(client.by_import_name("beside")), 1)

    # Whole or an error, never a part.
    for i in range(9):
        set(f"large-{i}", "x" * 500_000)
    with fails_with(grpc.StatusCode.RESOURCE_EXHAUSTED):
        client.call("RedisGetCache")
    same(len(keys("large-*")), 9)
    assert client.call("RedisClearCache").success


def large_list(client):
    for i in range(20):
        assert client.set(f"large-{i}", import_name="large", filler="x" * 250_000).success
    with fails_with(grpc.StatusCode.RESOURCE_EXHAUSTED):
        client.by_import_name("large")


def every_method(client):
    for scenario in [
        task_methods,
        statuses,
        unknown_and_bad_ids,
        concurrent_merges,
        schema_methods,
        cache_methods,
        large_list,
    ]:
        scenario(client)
        print(f"kept: {scenario.__name__}", flush=True)
    service = tasks.DESCRIPTOR.services_by_name["DatabaseService"]
    same(client.answered, {method.name for method in service.methods})
    same(len(client.answered), 20)


def before_outage(client):
    client.call("MongoDeleteImportName", import_name="lasting")
    assert client.set("lasting", "published", 200, "there", import_name="lasting", rows="10").success
    same(client.insert("lasting", A).status, "inserted")
    same(client.revise("lasting", B).status, "updated")
    assert client.get("lasting").found
    assert client.call("RedisSet", key="lasting", value="cached").success


def hot_store_lost(client):
    """After a flush of Redis: the cache is empty, all else is where it was."""
    same(len(client.by_import_name("lasting")), 1)
    # An update of a task that is no longer hot leaves the whole task, where the predecessor left a part.
    assert client.update("lasting", "message", "there", data={"late": "1"}).success
    whole = {"import_name": "lasting", "rows": "10"}
    same(dict(client.get("lasting").value.data), whole | {"late": "1"})
    assert client.update("lasting", "message", "there", data=whole, reset_data=True).success
    still_there(client)


def hot_store_away(client):
    assert not client.call("RedisPing").pong and client.call("MongoPing").pong
    still_there(client)
    assert client.update("lasting", "message", "written").success
    same(client.get("lasting").value.message, "written")
    assert client.update("lasting", "message", "there").success
    for method, fields in CACHE_CALLS:
        with fails_with(grpc.StatusCode.UNAVAILABLE):
            client.call(method, **fields)


def durable_store_away(client):
    assert client.call("RedisPing").pong and not client.call("MongoPing").pong
    for method, fields in WRITES + LISTS:
        with fails_with(grpc.StatusCode.UNAVAILABLE):
            client.call(method, **fields)
    # What is hot is still answered; nothing is said not to be there.
    assert client.get("lasting").found
    with fails_with(grpc.StatusCode.UNAVAILABLE):
        client.get("never-was")


def both_stores_away(client):
    assert not client.call("RedisPing").pong and not client.call("MongoPing").pong
    for method, fields in CACHE_CALLS + WRITES + LISTS + READS:
        with fails_with(grpc.StatusCode.UNAVAILABLE):
            client.call(method, **fields)


def both_stores_back(client):
    assert client.call("RedisPing").pong and client.call("MongoPing").pong
    still_there(client)
    same(len(client.by_import_name("lasting")), 1)
    assert client.update("lasting", "status", "published").success
    assert client.call("RedisSet", key="lasting", value="cached").success
    same(client.call("RedisGet", key="lasting").value, "cached")


def still_there(client):
    value = client.get("lasting").value
    same((value.status, value.code, value.message), ("published", 200, "there"))
    same(dict(value.data), {"import_name": "lasting", "rows": "10"})
    found = client.find("lasting")
    same((found.status, found.schema), ("found", B))
    raw = client.raw("lasting")
    same([r.schema for r in raw.schemas_releases], [A])


CACHE_CALLS = [
    ("RedisGet", {"key": "lasting"}),
    ("RedisSet", {"key": "lasting", "value": "x"}),
    ("RedisDelete", {"keys": ["lasting"]}),
    ("RedisGetKeys", {"pattern": "*"}),
    ("RedisGetCache", {}),
    ("RedisClearCache", {}),
]
READS = [
    ("GetTaskId", {"task_id": "lasting", "task": "import"}),
    ("MongoFindJsonSchema", {"import_name": "lasting"}),
    ("MongoGetRawSchemas", {"import_name": "lasting"}),
]
LISTS = [
    ("GetTasksByImportName", {"import_name": "lasting", "task": "import"}),
    ("MongoCountAllDocuments", {}),
]
WRITES = [
    ("SetTaskId", {"task_id": "lasting", "task": "import", "value": utils.ApiResponse(status="error")}),
    ("UpdateTaskId", {"task_id": "lasting", "task": "import", "field": "status", "value": "error"}),
    ("RemoveTaskId", {"task_id": "lasting", "task": "import"}),
    ("MongoInsertOneSchema", {"import_name": "lasting", "active_schema": C}),
    ("MongoUpdateOneJsonSchema", {"import_name": "lasting", "schema": C}),
    ("MongoDeleteOneJsonSchema", {"import_name": "lasting"}),
    ("MongoDeleteImportName", {"import_name": "lasting"}),
]

SCENARIOS = [
    every_method,
    before_outage,
    hot_store_lost,
    hot_store_away,
    durable_store_away,
    both_stores_away,
    both_stores_back,
]


def main():
    address, name = sys.argv[1:]
    (scenario,) = [known for known in SCENARIOS if known.__name__ == name]
    client = Client(address)
    scenario(client)
    client.channel.close()
    print(f"kept: {name}")


main()
