// Fetches one batch of a run from a data server and checks it: DescribeRun, then GetBatch or, with -lane, a Stream on a lane.
package main

//go:generate npx buf generate

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"log"
	"os"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	pb "patchstream/v1"
)

func main() {
	log.SetFlags(0)
	step := flag.Uint("step", 0, "the step, from 0")
	lane := flag.Bool("lane", false, "fetch the batch on a lane")
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: go-client [-step N] [-lane] HOST:PORT RUN.json")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := run(ctx, flag.Arg(0), flag.Arg(1), uint32(*step), *lane); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, address, file string, step uint32, onLane bool) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var document struct{ Data json.RawMessage }
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()
	client := pb.NewDataServiceClient(connection)

	described, err := client.DescribeRun(ctx, &pb.DescribeRunRequest{Spec: document.Data})
	if err != nil {
		return err
	}
	for _, stage := range described.Train.Stages {
		first := "drawn"
		if stage.FirstStep != nil {
			first = fmt.Sprint(*stage.FirstStep)
		}
		fmt.Printf("stage %d  first step %s  tensors%s\n", stage.Stage, first, shapes(stage.Shares[0].Tensors))
	}

	var got batch
	if onLane {
		err = fetchOnLane(ctx, client, described.Spec, step, got.take)
	} else {
		err = fetch(ctx, client, described.Spec, step, got.take)
	}
	if err == nil {
		err = got.check(described.Digest, step)
	}
	if err != nil {
		return err
	}
	fmt.Printf("step %d  stage %d %s  cases %s  checksum %d\n", step, got.begin.Stage, shapes(got.begin.Tensors),
		strings.Join(got.begin.Samples.Cases, ","), got.end.Checksum)
	return nil
}

// fetch gives every message of the answer to GetBatch to take, up to BatchEnd.
func fetch(ctx context.Context, client pb.DataServiceClient, spec []byte, step uint32, take func(message) (bool, error)) error {
	answer, err := client.GetBatch(ctx, &pb.GetBatchRequest{Spec: spec, Timeline: pb.Timeline_TIMELINE_TRAIN, Step: step})
	for isDone := false; err == nil && !isDone; {
		var next *pb.GetBatchResponse
		if next, err = answer.Recv(); err == nil {
			isDone, err = take(next)
		}
	}
	return err
}

// message is what GetBatchResponse and StreamResponse have in common.
type message interface {
	GetBatchBegin() *pb.BatchBegin
	GetChunk() *pb.Chunk
	GetBatchEnd() *pb.BatchEnd
}

// batch is what has come so far. Its bytes are the tensors end to end.
type batch struct {
	begin *pb.BatchBegin
	bytes []byte
	end   *pb.BatchEnd
}

// take keeps what a message holds, and says whether it was the last one of the batch.
func (b *batch) take(m message) (bool, error) {
	switch {
	case m.GetBatchBegin() != nil:
		b.begin = m.GetBatchBegin()
	case m.GetChunk() != nil:
		if m.GetChunk().Offset != uint64(len(b.bytes)) {
			return false, fmt.Errorf("a chunk at byte %d, where byte %d is next", m.GetChunk().Offset, len(b.bytes))
		}
		b.bytes = append(b.bytes, m.GetChunk().Data...)
	case m.GetBatchEnd() != nil:
		b.end = m.GetBatchEnd()
	}
	return b.end != nil, nil
}

// check compares the three checksums of a batch with what was asked for and what came.
func (b *batch) check(digest string, step uint32) error {
	if b.begin == nil || b.begin.Samples == nil || b.end == nil {
		return fmt.Errorf("step %d came without its begin or its samples", step)
	}
	address := fmt.Sprintf("%s train %d %d 0 1", digest, step, b.begin.Stage)
	for _, part := range []struct {
		name  string
		bytes []byte
		said  uint32
	}{
		{"address", []byte(address), b.begin.AddressChecksum},
		{"samples", sampleBytes(b.begin.Samples), b.begin.Samples.Checksum},
		{"tensors", b.bytes, b.end.Checksum},
	} {
		if sum := crc32.ChecksumIEEE(part.bytes); sum != part.said {
			return fmt.Errorf("step %d: the %s have CRC-32 %d, and the server says %d", step, part.name, sum, part.said)
		}
	}
	return nil
}

// sampleBytes is what the checksum of samples is over: cases as lines of text, then all numbers in 32 bits, little-endian.
func sampleBytes(samples *pb.Samples) []byte {
	var bytes []byte
	for _, name := range samples.Cases {
		bytes = append(bytes, name+"\n"...)
	}
	for _, numbers := range []any{samples.CaseIndex, samples.Class, samples.Start, samples.Size} {
		bytes, _ = binary.Append(bytes, binary.LittleEndian, numbers) // cannot fail: slices of fixed size
	}
	return bytes
}

func shapes(tensors []*pb.Tensor) string {
	var text strings.Builder
	for _, tensor := range tensors {
		fmt.Fprintf(&text, " %s %s%v", tensor.Name, tensor.Type, tensor.Shape)
	}
	return text.String()
}
