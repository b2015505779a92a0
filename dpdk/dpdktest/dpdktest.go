package dpdktest

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"mirrorgw/dpdk"
)

// Option changes the options of the test binary's EAL.
type Option func(*dpdk.Options)

// Memory sets EAL's memory, MiB; default 128.
func Memory(mb int) Option { return func(o *dpdk.Options) { o.MemoryMB = mb } }

// Vdevs adds devices that EAL makes at the start.
func Vdevs(vdevs ...string) Option {
	return func(o *dpdk.Options) { o.Vdevs = append(o.Vdevs, vdevs...) }
}

// LogLevel sets EAL's log level; default critical, because tests provoke errors.
func LogLevel(level string) Option { return func(o *dpdk.Options) { o.LogLevel = level } }

var eal *dpdk.EAL

// Main initialises EAL, runs the tests, cleans up and ends the process with their exit code, or
// with 1 when EAL fails in between.
func Main(m *testing.M, options ...Option) {
	os.Exit(run(m, options))
}

func run(m *testing.M, options []Option) int {
	opts, err := defaults()
	for _, option := range options {
		option(&opts)
	}
	if err == nil {
		err = dpdk.ConfineThreads([]int{opts.MainLcore})
	}
	if err == nil {
		eal, err = dpdk.Init(opts)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dpdktest:", err)
		return 1
	}
	code := m.Run()
	if err := eal.Cleanup(); err != nil {
		fmt.Fprintln(os.Stderr, "dpdktest:", err)
		return max(code, 1)
	}
	return code
}

// speedVariable asks for what benchmarks need: huge pages, and a second worker that has the main
// lcore's CPU instead of the first worker's.
const speedVariable = "MIRRORGW_SPEED"

// defaults takes the lowest allowed CPU for Go and the main lcore, and all others for workers.
func defaults() (dpdk.Options, error) {
	cpus, err := dpdk.AllowedCPUs()
	if err != nil {
		return dpdk.Options{}, err
	}
	second := cpus[len(cpus)-1] + 1 // an lcore that shares the CPU of another one
	shared, pages := cpus[len(cpus)-1], dpdk.HugepagesNever
	if os.Getenv(speedVariable) != "" {
		shared, pages = cpus[0], dpdk.HugepagesRequire
	}
	return dpdk.Options{
		MainLcore: cpus[0],
		Lcores:    append(cpus[1:], second),
		CPUs:      map[int]int{second: shared},
		MemoryMB:  128,
		Hugepages: pages,
		NoPCI:     true,
		LogLevel:  "critical",
	}, nil
}

// EAL returns the EAL of the test binary.
func EAL() *dpdk.EAL { return eal }

// Worker returns the first worker lcore and skips the test where there is only one CPU.
func Worker(t testing.TB) int {
	t.Helper()
	workers := eal.WorkerLcores()
	if len(workers) < 2 {
		t.Skip("a worker lcore needs a second CPU")
	}
	return workers[0]
}

// SecondWorker returns another worker lcore, which may share the first one's CPU: then they take
// turns of milliseconds.
func SecondWorker(t testing.TB) int {
	t.Helper()
	Worker(t)
	return eal.WorkerLcores()[1]
}

var serial atomic.Int64

// Name makes a name that is unique in the process, at most 25 bytes for a short prefix.
func Name(prefix string) string { return fmt.Sprintf("%s_%d", prefix, serial.Add(1)) }

// Pool makes a mempool without caches. When the test ends, every mbuf must be back.
func Pool(t testing.TB, n, dataRoom int) *dpdk.Mempool {
	t.Helper()
	pool, err := dpdk.NewPktmbufPool(Name("test"), n, 0, 0, dataRoom, dpdk.AnyNode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if used := pool.InUse(); used != 0 {
			t.Errorf("mempool %s: %d mbufs were not freed", pool.Name(), used)
		}
		pool.Free()
	})
	return pool
}

// Device makes a device of a driver, "net_pcap", with a unique name and the given arguments,
// and returns its port. The port is closed with the test.
func Device(t testing.TB, driver, args string) dpdk.PortID {
	t.Helper()
	devargs := Name(driver)
	if args != "" {
		devargs += "," + args
	}
	if err := dpdk.ProbeDevice(devargs); err != nil {
		t.Fatal(err)
	}
	port, err := dpdk.LookupPort(devargs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// A port that never started says so; what counts is that the device goes.
		_ = dpdk.Stop(port)
		if err := dpdk.RemoveDevice(port); err != nil {
			t.Error(err)
		}
	})
	return port
}

// Started configures a port and starts it.
func Started(t testing.TB, port dpdk.PortID, cfg dpdk.PortConfig) dpdk.Capabilities {
	t.Helper()
	granted, err := dpdk.Configure(port, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := dpdk.Start(port); err != nil {
		t.Fatal(err)
	}
	return granted
}
