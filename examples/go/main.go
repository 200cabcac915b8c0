// The service by connect-go, over gRPC. Before it, here:
//
//	npx buf generate ../../proto --path ../../proto/dbconn/v1
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	pb "dbconn-example/dbconnv1"
	rpc "dbconn-example/dbconnv1/dbconnv1connect"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/structpb"
)

func main() {
	address := os.Getenv("DBCONN_ADDRESS")
	if address == "" {
		address = "127.0.0.1:50050"
	}
	// gRPC needs HTTP/2, which Go speaks without TLS only where it is told to.
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	client, url := &http.Client{Transport: transport}, "http://"+address
	if err := run(
		rpc.NewTaskServiceClient(client, url, connect.WithGRPC()),
		rpc.NewCacheServiceClient(client, url, connect.WithGRPC()),
	); err != nil {
		log.Fatal(err)
	}
}

func run(tasks rpc.TaskServiceClient, cache rpc.CacheServiceClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()

	data, err := structpb.NewStruct(map[string]any{"rows": 10})
	if err != nil {
		return err
	}
	// RequestId makes a repetition safe: sent twice, it is applied once.
	put := &pb.PutTaskRequest{Kind: "report", TaskId: "go", Data: data, RequestId: "report-go-1"}
	made, err := tasks.PutTask(ctx, connect.NewRequest(put))
	if err != nil {
		return err
	}
	fmt.Println("made, revision", made.Msg.Task.Revision)

	if err := follow(ctx, tasks); err != nil {
		return err
	}

	// A failure says why.
	var failure *connect.Error
	if !errors.As(change(ctx, tasks, pb.TaskState_TASK_STATE_PROCESSING), &failure) {
		return errors.New("a task that has ended went on")
	}
	fmt.Println(failure.Code(), failure.Message())

	entry := &pb.SetEntryRequest{Key: "greeting", Value: &pb.SetEntryRequest_Text{Text: "hello from Go"}}
	if _, err := cache.SetEntry(ctx, connect.NewRequest(entry)); err != nil {
		return err
	}
	found, err := cache.GetEntry(ctx, connect.NewRequest(&pb.GetEntryRequest{Key: "greeting"}))
	if err != nil {
		return err
	}
	fmt.Println(found.Msg.Entry.GetText())
	return nil
}

// follow watches the task until it has ended, which it does as soon as the watch is up to date.
func follow(ctx context.Context, tasks rpc.TaskServiceClient) error {
	question := &pb.WatchTasksRequest{Kind: "report", TaskId: "go"}
	watch, err := tasks.WatchTasks(ctx, connect.NewRequest(question))
	if err != nil {
		return err
	}
	defer watch.Close()
	for watch.Receive() {
		event := watch.Msg()
		fmt.Println(event.Type, event.Task.GetState())
		if event.Type == pb.WatchEventType_WATCH_EVENT_TYPE_HEARTBEAT {
			if err := change(ctx, tasks, pb.TaskState_TASK_STATE_COMPLETED); err != nil {
				return err
			}
		}
		if event.Task.GetState() == pb.TaskState_TASK_STATE_COMPLETED {
			return nil
		}
	}
	return watch.Err()
}

func change(ctx context.Context, tasks rpc.TaskServiceClient, state pb.TaskState) error {
	request := &pb.UpdateTaskRequest{Kind: "report", TaskId: "go", State: &state}
	_, err := tasks.UpdateTask(ctx, connect.NewRequest(request))
	return err
}
