package generator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest/pacer"
	"mirrorgw/testbed/traffic"
)

// Main is the generator's process: it serves standard input until that ends. It returns the exit code.
func Main() int {
	err := serve(json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout))
	if err != nil {
		fmt.Fprintln(os.Stderr, "generator:", err)
		return 1
	}
	return 0
}

func serve(in *json.Decoder, out *json.Encoder) error {
	runtime.LockOSThread() // the priority is this thread's
	var setup Setup
	if err := in.Decode(&setup); err != nil {
		return err
	}
	g, err := open(setup)
	if err != nil {
		return err
	}
	if err := out.Encode(Answer{}); err != nil {
		return err
	}
	return errors.Join(g.orders(in, out), g.close())
}

// rig is what the process has opened.
type rig struct {
	eal   *dpdk.EAL
	pools []*dpdk.Mempool
	ports []dpdk.PortID
	pacer *pacer.Pacer
}

func open(s Setup) (*rig, error) {
	frames, err := traffic.Read(s.Capture)
	if err != nil {
		return nil, err
	}
	if err := dpdk.ConfineThreads([]int{s.CPU}); err != nil {
		return nil, err
	}
	devices := []string{client(s.Socket, wire0, toGateway), client(s.Socket, wire1, fromGateway)}
	if s.Deaf {
		devices = append(devices, client(s.Socket, tunnel, toGateway))
	}
	g := &rig{}
	g.eal, err = dpdk.Init(dpdk.Options{MainLcore: s.CPU, MemoryMB: MemoryMB, Hugepages: dpdk.HugepagesRequire,
		NoPCI: true, Vdevs: devices, ExtraArgs: []string{"--single-file-segments"}})
	if err != nil {
		return nil, err
	}
	for i, device := range devices {
		queues := 1
		if i == wire1 {
			queues += s.Queue
		}
		if err := g.start(i, device, queues); err != nil {
			return nil, err
		}
	}
	g.pacer, err = pacer.New(pacer.Frames{Tx: g.ports[wire0], Rx: g.ports[wire1], RxQueue: s.Queue, Pool: g.pools[wire0], Frames: frames})
	return g, err
}

// start opens a port with a pool of its own, and waits until the gateway has taken its end.
func (g *rig) start(i int, device string, queues int) error {
	mbufs := []int{wire0: 2*pacer.Slots - 1, wire1: 1<<fromGateway - 1, tunnel: 1023}[i]
	pool, err := dpdk.NewPktmbufPool(fmt.Sprintf("pacer_%d", i), mbufs, 256, 0, dpdk.DataRoom, dpdk.AnyNode)
	if err != nil {
		return err
	}
	port, err := dpdk.LookupPort(device)
	if err != nil {
		return err
	}
	cfg := dpdk.PortConfig{RxQueues: queues, TxQueues: 1, RxPools: []*dpdk.Mempool{pool}}
	if _, err := dpdk.Configure(port, cfg); err != nil {
		return err
	}
	if err := dpdk.Start(port); err != nil {
		return err
	}
	g.pools, g.ports = append(g.pools, pool), append(g.ports, port)
	return connected(port)
}

// connected waits for the gateway.
func connected(port dpdk.PortID) error {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(10 * time.Second); ; <-look.C {
		link, err := dpdk.GetLink(port)
		if err != nil || link.Up {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("port %s: the gateway did not connect: start it first, with the devices that Devices gives", port)
		}
	}
}

// orders makes runs until the input ends.
func (g *rig) orders(in *json.Decoder, out *json.Encoder) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, 0, -20); err != nil { // 0 is the calling thread
		return fmt.Errorf("the generator needs a higher priority than the gateway's control threads on the same CPU: %w", err)
	}
	for {
		var order Order
		if err := in.Decode(&order); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var a Answer
		g.pacer.TakeAtMost(order.Take)
		result, err := g.pacer.Run(order.PerSecond, time.Duration(order.Seconds*float64(time.Second)))
		if a.Result = result; err != nil {
			a.Error = err.Error()
		}
		if err := out.Encode(a); err != nil {
			return err
		}
	}
}

// close gives everything back.
func (g *rig) close() error {
	var errs []error
	for _, port := range g.ports {
		errs = append(errs, dpdk.Stop(port), dpdk.Close(port))
	}
	g.pacer.Close()
	for _, pool := range g.pools {
		pool.Free()
	}
	return errors.Join(append(errs, g.eal.Cleanup())...)
}
