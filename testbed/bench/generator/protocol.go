package generator

import (
	"fmt"

	"mirrorgw/dpdk/dpdktest/pacer"
)

// Argument is what a program calls itself with to become the generator.
const Argument = "generate"

// Rings of the two wires, as log2 of the frames that they hold. The gateway's first wire has as many
// as a network card usually has. The second has four times as many: generator and receiver are one
// thread, and when that stands still, all that is under way must find room, or the gateway would be
// blamed for it.
const (
	toGateway   = 11
	fromGateway = 13
)

// Setup is the first document that the process reads.
type Setup struct {
	Socket  string `json:"socket"`  // that the gateway listens on, see Devices
	Capture string `json:"capture"` // the frames to send, in turn
	CPU     int    `json:"cpu"`
	Queue   int    `json:"queue"` // of the second wire by which frames come back; those before it are there
	Deaf    bool   `json:"deaf"`  // connect to the tunnel port too, and never take a copy from it
}

// MemoryMB is what the process needs of huge pages, MiB.
const MemoryMB = 96

// Order is every further document: a run.
type Order struct {
	PerSecond float64 `json:"per_second"` // 0: all that the gateway takes
	Seconds   float64 `json:"seconds"`
	Take      float64 `json:"take,omitempty"` // frames a second that the far wire can carry; 0: all
}

// Answer is what the process says to each document; to the first one when the gateway is connected.
type Answer struct {
	Error  string       `json:"error,omitempty"`
	Result pacer.Result `json:"result"`
}

// Interfaces of the socket, by number.
const (
	wire0 = iota
	wire1
	tunnel
)

// Devices are the gateway's ports at the other end of a socket: its wires and its tunnel. The path is
// relative to the gateway's working directory.
func Devices(socket string) (wire0Device, wire1Device, tunnelDevice string) {
	return server(socket, wire0, toGateway), server(socket, wire1, fromGateway), server(socket, tunnel, toGateway)
}

func server(socket string, id, ring int) string {
	return fmt.Sprintf("net_memif%d,role=server,id=%d,socket=%s,socket-abstract=no,rsize=%d", id, id, socket, ring)
}

// client is the process's end of an interface. Frames that are sent are not copied on this side
// (zero-copy): the gateway pays for both of its copies, and the generator only for receiving. A
// process can have one such interface: the driver of 22.11 closes EAL's own descriptor of its memory
// when one is connected, so that a second one has nothing to offer.
func client(socket string, id, ring int) string {
	text := fmt.Sprintf("net_memif%d,role=client,id=%d,socket=%s,socket-abstract=no,rsize=%d", id, id, socket, ring)
	if id == wire0 {
		text += ",zero-copy=yes"
	}
	return text
}
