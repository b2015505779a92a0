package dpdk_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgw/dpdk"
	"mirrorgw/dpdk/dpdktest"
)

func TestRemoteLaunch(t *testing.T) {
	worker := dpdktest.Worker(t)
	loop := dpdktest.NewLoop(t, 7)
	if err := dpdk.RemoteLaunch(loop.Function(), loop.Arg(), worker); err != nil {
		t.Fatal(err)
	}
	for loop.Rounds() == 0 {
		runtime.Gosched()
	}
	if state, err := dpdk.StateOfLcore(worker); err != nil || state != dpdk.LcoreBusy {
		t.Errorf("state %v, %v; want running", state, err)
	}
	if err := dpdk.RemoteLaunch(loop.Function(), loop.Arg(), worker); !errors.Is(err, syscall.EBUSY) {
		t.Errorf("second launch: %v, want EBUSY", err)
	}
	loop.Stop()
	result, err := dpdk.WaitLcore(worker)
	if err != nil || result != 7 {
		t.Errorf("WaitLcore: %d, %v; want 7", result, err)
	}
	if loop.Lcore() != worker {
		t.Errorf("ran on lcore %d, want %d", loop.Lcore(), worker)
	}
	if state, _ := dpdk.StateOfLcore(worker); state != dpdk.LcoreWaiting {
		t.Errorf("state %v, want waiting", state)
	}
}

func TestLcoreErrors(t *testing.T) {
	loop := dpdktest.NewLoop(t, 0)
	for _, lcore := range []int{-1, dpdktest.EAL().MainLcore(), 127, 5000} {
		if err := dpdk.RemoteLaunch(loop.Function(), loop.Arg(), lcore); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("launch on %d: %v, want EINVAL", lcore, err)
		}
		if _, err := dpdk.WaitLcore(lcore); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("wait for %d: %v, want EINVAL", lcore, err)
		}
	}
	for _, lcore := range []int{-1, 127, 5000} {
		if _, err := dpdk.NodeOfLcore(lcore); !errors.Is(err, syscall.EINVAL) {
			t.Errorf("node of %d: %v, want EINVAL", lcore, err)
		}
	}
	if node, err := dpdk.NodeOfLcore(dpdktest.EAL().MainLcore()); err != nil || node < 0 {
		t.Errorf("node of the main lcore: %d, %v", node, err)
	}
}

// thread is what /proc/self/task/*/status says.
type thread struct {
	name, cpus string
	blocked    uint64
}

func threads(t *testing.T) []thread {
	t.Helper()
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		t.Fatal(err)
	}
	var all []thread
	for _, file := range files {
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue // the thread has ended
		}
		if err != nil {
			t.Fatal(err)
		}
		fields := map[string]string{}
		for line := range strings.Lines(string(text)) {
			key, value, _ := strings.Cut(line, ":")
			fields[key] = strings.TrimSpace(value)
		}
		blocked, err := strconv.ParseUint(fields["SigBlk"], 16, 64)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, thread{name: fields["Name"], cpus: fields["Cpus_allowed_list"], blocked: blocked})
	}
	return all
}

func TestThreadsStayOffWorkers(t *testing.T) {
	worker := strconv.Itoa(dpdktest.Worker(t))
	main := strconv.Itoa(dpdktest.EAL().MainLcore())
	workers := 0
	for _, th := range threads(t) {
		if th.name == "lcore-worker-"+worker || th.name == "rte-worker-"+worker {
			workers++
			if th.cpus != worker {
				t.Errorf("%s may run on CPUs %s, want %s", th.name, th.cpus, worker)
			}
			continue
		}
		if strings.Contains(th.name, "-worker-") {
			continue // of another worker
		}
		if th.cpus != main {
			t.Errorf("thread %s may run on CPUs %s, want %s", th.name, th.cpus, main)
		}
	}
	if workers != 1 {
		t.Errorf("%d threads of worker %s, want 1", workers, worker)
	}
	if procs := runtime.GOMAXPROCS(0); procs != 1 {
		t.Errorf("GOMAXPROCS is %d, want 1 for one control CPU", procs)
	}
}

// TestSignalsNeverReachEALThreads looks again while something is wrong: a thread that is just being
// created has every signal blocked, and the name of its process.
func TestSignalsNeverReachEALThreads(t *testing.T) {
	problems := wrongMasks(t)
	for deadline := time.Now().Add(5 * time.Second); len(problems) > 0 && time.Now().Before(deadline); problems = wrongMasks(t) {
		runtime.Gosched()
	}
	for _, problem := range problems {
		t.Error(problem)
	}
}

func wrongMasks(t *testing.T) (problems []string) {
	t.Helper()
	signals := []syscall.Signal{syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGUSR1,
		syscall.SIGCHLD, syscall.SIGURG, syscall.SIGPROF, syscall.SIGPIPE, syscall.SIGALRM}
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	seen := 0
	for _, th := range threads(t) {
		ofEAL := strings.Contains(th.name, "-worker-") || strings.HasPrefix(th.name, "eal-") || strings.HasPrefix(th.name, "rte_mp")
		if ofEAL {
			seen++
		}
		for _, s := range signals {
			if isBlocked := th.blocked>>(uint(s)-1)&1 == 1; isBlocked != ofEAL {
				wrong("thread %s: %v blocked: %v, want %v", th.name, s, isBlocked, ofEAL)
			}
		}
		if th.blocked>>(uint(syscall.SIGSEGV)-1)&1 == 1 {
			wrong("thread %s: SIGSEGV is blocked", th.name)
		}
	}
	if want := len(dpdktest.EAL().WorkerLcores()); seen < want {
		wrong("%d threads of EAL seen, want at least %d", seen, want)
	}
	return problems
}

func TestWorkerLcores(t *testing.T) {
	cpus, err := dpdk.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	want := append(cpus[1:], cpus[len(cpus)-1]+1) // and one that shares a CPU
	if got := dpdktest.EAL().WorkerLcores(); !slices.Equal(got, want) {
		t.Errorf("workers %v, want %v", got, want)
	}
}

// TestTSCHz: any machine that runs this has a counter between 0.1 and 10 GHz.
func TestTSCHz(t *testing.T) {
	if hz := dpdk.TSCHz(); hz < 1e8 || hz > 1e10 {
		t.Errorf("the time stamp counter runs at %d Hz", hz)
	}
}
