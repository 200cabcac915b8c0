#!/usr/bin/env bash
# The service by grpcurl: gRPC, with the messages known by server reflection.
set -euo pipefail

address="${DBCONN_ADDRESS:-127.0.0.1:50050}"
# With authentication switched on, add: -H "authorization: Bearer $DBCONN_TOKEN"
call() { grpcurl -plaintext -d "$2" "$address" "dbconn.v1.$1"; }

grpcurl -plaintext "$address" list dbconn.v1.TaskService

call TaskService/PutTask '{"kind": "report", "task_id": "grpcurl", "group": "examples", "data": {"rows": 10}}'
call TaskService/UpdateTask '{"kind": "report", "task_id": "grpcurl", "state": "TASK_STATE_COMPLETED"}'

# A watch never ends by itself; two seconds of this one are shown.
grpcurl -plaintext -max-time 2 -d '{"kind": "report", "task_id": "grpcurl"}' "$address" dbconn.v1.TaskService/WatchTasks ||
  echo "the watch was ended by its deadline"

call CacheService/SetEntry '{"key": "greeting", "text": "hello from grpcurl", "ttl": "60s"}'
call CacheService/GetEntry '{"key": "greeting"}'
