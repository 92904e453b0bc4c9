// Program rpc measures grpc-go. `rpc server <bytes>` says its port, and its CPU microseconds for every line on stdin.
// `rpc client <bytes> <port>` does what a line "<kind> <size> <calls in flight> <calls>" asks, kind being unary, stream or
// chat, and answers "<CPU microseconds> <seconds>". CPU time is that of user mode and kernel, the garbage collector
// included.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sort"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/proto"

	pb "wirespan.bench/rpc/calls"
)

func main() {
	orders := read(os.Args[2])
	if os.Args[1] == "server" {
		serve(orders)
	} else {
		call(orders, os.Args[3])
	}
}

type server struct {
	pb.UnimplementedCallsServer
	orders map[string][]*pb.Order
}

func (s *server) Echo(_ context.Context, order *pb.Order) (*pb.Order, error) {
	return order, nil
}

func (s *server) Watch(request *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.Order]) error {
	orders := s.orders[request.Size]
	for i := 0; i < int(request.Count); i++ {
		if err := stream.Send(orders[i%len(orders)]); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) Chat(stream grpc.BidiStreamingServer[pb.Order, pb.Order]) error {
	for {
		order, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(order); err != nil {
			return err
		}
	}
}

func serve(orders map[string][]*pb.Order) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	s := grpc.NewServer()
	pb.RegisterCallsServer(s, &server{orders: orders})
	go func() { must(s.Serve(listener)) }()
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println(cpu().Microseconds())
	}
}

func call(orders map[string][]*pb.Order, port string) {
	connection, err := grpc.NewClient("127.0.0.1:"+port, grpc.WithTransportCredentials(insecure.NewCredentials()))
	must(err)
	client := pb.NewCallsClient(connection)
	for size, all := range orders {
		answer, err := client.Echo(context.Background(), all[0])
		must(err)
		if !proto.Equal(answer, all[0]) {
			must(fmt.Errorf("an order of %s came back otherwise", size))
		}
	}
	fmt.Println("ready")

	kinds := map[string]func(pb.CallsClient, string, []*pb.Order, int, int){
		"unary": unary, "stream": stream, "chat": chat,
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var kind, size string
		var inFlight, calls int
		_, err := fmt.Sscan(lines.Text(), &kind, &size, &inFlight, &calls)
		must(err)
		spent, started := cpu(), time.Now()
		kinds[kind](client, size, orders[size], inFlight, calls)
		seconds := time.Since(started).Seconds()
		fmt.Println((cpu() - spent).Microseconds(), seconds)
	}
}

func unary(client pb.CallsClient, _ string, orders []*pb.Order, inFlight, calls int) {
	var started atomic.Int64
	var all sync.WaitGroup
	for range inFlight {
		all.Go(func() {
			for {
				i := int(started.Add(1) - 1)
				if i >= calls {
					return
				}
				_, err := client.Echo(context.Background(), orders[i%len(orders)])
				must(err)
			}
		})
	}
	all.Wait()
}

func stream(client pb.CallsClient, size string, _ []*pb.Order, _, calls int) {
	orders, err := client.Watch(context.Background(), &pb.WatchRequest{Count: uint32(calls), Size: size})
	must(err)
	for received := 0; ; received++ {
		_, err := orders.Recv()
		if errors.Is(err, io.EOF) && received == calls {
			return
		}
		must(err)
	}
}

func chat(client pb.CallsClient, _ string, orders []*pb.Order, _, calls int) {
	call, err := client.Chat(context.Background())
	must(err)
	for i := range calls {
		order := orders[i%len(orders)]
		must(call.Send(order))
		answer, err := call.Recv()
		must(err)
		if answer.OrderId != order.OrderId {
			must(errors.New("another order came back"))
		}
	}
	must(call.CloseSend())
	if _, err := call.Recv(); !errors.Is(err, io.EOF) {
		must(fmt.Errorf("the chat ended with %v", err))
	}
}

// read decodes the orders of every size: a folder per size, a file per order.
func read(folder string) map[string][]*pb.Order {
	names, err := filepath.Glob(filepath.Join(folder, "*", "*.bin"))
	must(err)
	sort.Strings(names)
	orders := map[string][]*pb.Order{}
	for _, name := range names {
		bytes, err := os.ReadFile(name)
		must(err)
		order := &pb.Order{}
		must(proto.Unmarshal(bytes, order))
		size := filepath.Base(filepath.Dir(name))
		orders[size] = append(orders[size], order)
	}
	if len(orders) == 0 {
		must(fmt.Errorf("%s is empty", folder))
	}
	return orders
}

// cpu is the time that the process spent on processors, in user mode and in the kernel.
func cpu() time.Duration {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
