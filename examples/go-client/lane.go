package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/peer"
	"google.golang.org/protobuf/proto"

	pb "patchstream/v1"
)

const (
	prefixBytes     = 5
	lastMessage     = 0x80
	mostMessage     = 64 << 20
	silentHeartbeat = 3
)

// fetchOnLane gives what comes on a Stream for one step to take, up to BatchEnd. The stream runs on a lane.
func fetchOnLane(ctx context.Context, client pb.DataServiceClient, spec []byte, step uint32, take func(message) (bool, error)) error {
	var server peer.Peer
	offer, err := client.OpenLane(ctx, &pb.OpenLaneRequest{}, grpc.Peer(&server))
	if err != nil {
		return err
	}
	// The port is one of the server that answered, which a name with several addresses does not tell.
	host, _, err := net.SplitHostPort(server.Addr.String())
	if err != nil {
		return err
	}
	var dialer net.Dialer
	socket, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(host, fmt.Sprint(offer.Port)))
	if err != nil {
		return err
	}
	defer socket.Close()
	heartbeat := time.Duration(offer.HeartbeatMs) * time.Millisecond
	closed := make(chan struct{})
	defer close(closed)

	if err := send(socket, 0, offer.Ticket); err != nil {
		return err
	}
	go beat(socket, heartbeat, closed)
	start := &pb.Start{Spec: spec, Timeline: pb.Timeline_TIMELINE_TRAIN, Ranks: 1}
	for _, request := range []*pb.StreamRequest{
		{Kind: &pb.StreamRequest_Start{Start: start}},
		{Kind: &pb.StreamRequest_Want{Want: &pb.Want{FirstStep: step, Count: 1}}},
	} {
		bytes, err := proto.Marshal(request)
		if err != nil {
			return err
		}
		if err := send(socket, 0, bytes); err != nil {
			return err
		}
	}
	reader := bufio.NewReader(socket)
	for {
		if err := socket.SetReadDeadline(time.Now().Add(silentHeartbeat * heartbeat)); err != nil {
			return err
		}
		flags, bytes, err := receive(reader)
		switch {
		case err != nil:
			return err
		case flags == lastMessage:
			return fmt.Errorf("the lane ended before the batch: %s", strings.TrimSpace(string(bytes)))
		case len(bytes) == 0:
			continue // a heartbeat
		}
		var answer pb.StreamResponse
		if err := proto.Unmarshal(bytes, &answer); err != nil {
			return err
		}
		isDone, err := take(&answer)
		if err != nil {
			return err
		}
		if isDone {
			return send(socket, lastMessage, nil)
		}
	}
}

// beat sends empty messages until the lane is closed, so that the server knows that we live.
func beat(socket net.Conn, every time.Duration, closed <-chan struct{}) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-closed:
			return
		case <-ticker.C:
			if send(socket, 0, nil) != nil {
				return
			}
		}
	}
}

// send writes a message behind gRPC's prefix. In one Write, which others cannot come between.
func send(socket net.Conn, flags byte, message []byte) error {
	framed := binary.BigEndian.AppendUint32([]byte{flags}, uint32(len(message)))
	_, err := socket.Write(append(framed, message...))
	return err
}

// receive reads a message and its flags.
func receive(reader io.Reader) (byte, []byte, error) {
	var prefix [prefixBytes]byte
	if _, err := io.ReadFull(reader, prefix[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(prefix[1:])
	if length > mostMessage {
		return 0, nil, errors.New("a message that is too long: this is no lane")
	}
	message := make([]byte, length)
	_, err := io.ReadFull(reader, message)
	return prefix[0], message, err
}
