#!/usr/bin/env bash
# The service by curl alone: each method is a POST of JSON.
set -euo pipefail

url="http://${DBCONN_ADDRESS:-127.0.0.1:50050}"
# With authentication switched on, add: -H "authorization: Bearer $DBCONN_TOKEN"
call() { curl -sS --fail-with-body "$url/dbconn.v1.$1" -H 'content-type: application/json' -d "$2"; echo; }

# request_id makes a repetition safe: sent twice, it is applied once.
call TaskService/PutTask '{"kind": "report", "task_id": "curl", "data": {"rows": 10}, "request_id": "report-curl-1"}'
call TaskService/UpdateTask '{"kind": "report", "task_id": "curl", "state": "TASK_STATE_COMPLETED", "data": {"done": 10}}'

# Answers as soon as the task has ended, or after 30 s.
call TaskService/WaitTask '{"kind": "report", "task_id": "curl", "timeout": "30s"}'

call SchemaService/PublishRelease '{"name": "report", "document": {"type": "object", "required": ["rows"]}}'
call SchemaService/ValidateDocuments '{"name": "report", "documents": [{"rows": 10}, {}]}'

call CacheService/SetEntry '{"key": "greeting", "text": "hello from curl", "ttl": "60s"}'
call CacheService/GetEntry '{"key": "greeting"}'
