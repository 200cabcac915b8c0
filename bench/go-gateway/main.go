// What one would write with grpc-go and go-redis instead of using the service: GetEntry as one GET of the key.
//
//	go-gateway REDIS_URL
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"

	pb "gateway/dbconnv1"

	"github.com/redis/go-redis/v9"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// One connection for each call that the load has under way.
const poolSize = 48

type cache struct {
	pb.UnimplementedCacheServiceServer
	redis *redis.Client
}

func (c *cache) GetEntry(ctx context.Context, request *pb.GetEntryRequest) (*pb.GetEntryResponse, error) {
	text, err := c.redis.Get(ctx, request.Key).Result()
	if errors.Is(err, redis.Nil) {
		return nil, status.Error(codes.NotFound, "there is no such entry")
	}
	if err != nil {
		return nil, status.Error(codes.Unavailable, err.Error())
	}
	return &pb.GetEntryResponse{Entry: &pb.CacheEntry{
		Namespace: "default",
		Key:       request.Key,
		Value:     &pb.CacheEntry_Text{Text: text},
	}}, nil
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go-gateway REDIS_URL")
	}
	options, err := redis.ParseURL(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	options.PoolSize = poolSize
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	pb.RegisterCacheServiceServer(server, &cache{redis: redis.NewClient(options)})
	fmt.Printf("{\"port\":%d}\n", listener.Addr().(*net.TCPAddr).Port)
	log.Fatal(server.Serve(listener))
}
