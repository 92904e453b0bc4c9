// Program shapes measures google.golang.org/protobuf on the bytes of a folder: `shapes <folder>`. A line
// "<shape> <encode|decode> <milliseconds>" on stdin is answered by the CPU nanoseconds (user and system, the garbage
// collector included) that one message took.
package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"syscall"
	"time"

	"google.golang.org/protobuf/proto"

	pb "wirespan.bench/codec/shapes"
)

var kinds = map[string]func() proto.Message{
	"Lookup":       func() proto.Message { return &pb.Lookup{} },
	"OrderPlaced":  func() proto.Message { return &pb.OrderPlaced{} },
	"ReadingBatch": func() proto.Message { return &pb.ReadingBatch{} },
}

// kept is what was encoded or decoded last, so that no compiler may leave the work undone.
var kept any

func main() {
	operations := map[string]func() int{}
	for shape, create := range kinds {
		inputs := read(filepath.Join(os.Args[1], shape))
		messages := make([]proto.Message, len(inputs))
		for i, input := range inputs {
			messages[i] = create()
			must(proto.Unmarshal(input, messages[i]))
			again, err := proto.MarshalOptions{Deterministic: true}.Marshal(messages[i])
			must(err)
			if len(again) != len(input) {
				must(fmt.Errorf("%s %d: %d bytes became %d", shape, i, len(input), len(again)))
			}
			copied := create()
			must(proto.Unmarshal(again, copied))
			if !proto.Equal(copied, messages[i]) {
				must(fmt.Errorf("%s %d was not written as it was read", shape, i))
			}
		}
		operations[shape+" encode"] = func() int {
			for _, message := range messages {
				output, err := proto.Marshal(message)
				must(err)
				kept = output
			}
			return len(messages)
		}
		operations[shape+" decode"] = func() int {
			for _, input := range inputs {
				message := create()
				must(proto.Unmarshal(input, message))
				kept = message
			}
			return len(inputs)
		}
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var shape, operation string
		var ms int64
		_, err := fmt.Sscan(lines.Text(), &shape, &operation, &ms)
		must(err)
		run := operations[shape+" "+operation]
		start, messages := cpu(), 0
		for spent := time.Duration(0); spent < time.Duration(ms)*time.Millisecond; spent = cpu() - start {
			// the clock is asked every so often: it costs more than a small message
			for lap := 0; lap < laps[shape]; lap++ {
				messages += run()
			}
		}
		fmt.Printf("%.3f\n", float64(cpu()-start)/float64(messages))
	}
}

var laps = map[string]int{"Lookup": 1000, "OrderPlaced": 50, "ReadingBatch": 1}

func read(folder string) [][]byte {
	names, err := filepath.Glob(filepath.Join(folder, "*.bin"))
	must(err)
	sort.Strings(names)
	inputs := make([][]byte, len(names))
	for i, name := range names {
		inputs[i], err = os.ReadFile(name)
		must(err)
	}
	if len(inputs) == 0 {
		must(fmt.Errorf("%s is empty", folder))
	}
	return inputs
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
